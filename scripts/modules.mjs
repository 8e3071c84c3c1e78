// For scripts that need tools from node_modules and nothing built.
import { ensureModules } from './setup/modules.mjs';

ensureModules();
