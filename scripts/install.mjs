// The install script of the package: builds the addon where npm has put it, against the system's libevent.
// Nobody expects `npm install` to install system packages, and nobody wants it to fail for lack of a
// compiler: then the addon that came along does, if it is for this system, or what is missing is said.
import { addonIsFresh, buildAddon, prebuiltAddon } from './setup/addon.mjs';
import { warn } from './setup/report.mjs';
import { whatIsMissing } from './setup/system.mjs';

if (!addonIsFresh()) {
  const missing = whatIsMissing(['build']);
  const instead = prebuiltAddon();
  if (missing === undefined) buildAddon({ instead });
  else if (instead === undefined) warn(`there is no addon yet. ${missing}`);
}
