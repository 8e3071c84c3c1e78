// The install script of the package: builds the addon where npm has put it. Nobody expects
// `npm install` to install system packages, so here a missing one is named and left to the user.
import { ensureAddon } from './setup/addon.mjs';

ensureAddon({ onlyLook: true });
