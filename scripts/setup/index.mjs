import { addonIsFresh, ensureAddon } from './addon.mjs';
import { ensureCompiled } from './compiled.mjs';
import { ensureModules } from './modules.mjs';
import { ensureSystem } from './system.mjs';

/**
 * Installs, builds and compiles what is still missing, and says nothing where nothing is. What the
 * system lacks is asked for first and at once, so that there is one command to give.
 *
 * @param programs a folder of programs to compile beside the library: samples
 * @param addon whether what comes next loads the addon
 * @param system groups of system packages wanted beside those of the build
 */
export function setUp({ programs, addon = true, system = [] } = {}) {
  ensureSystem(!addon || addonIsFresh() ? system : ['build', ...system]);
  ensureModules();
  if (addon) ensureAddon();
  ensureCompiled(programs);
}
