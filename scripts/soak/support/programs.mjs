import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';

/** The relay under test: the proxy sample. */
export const proxy = join(root, '.build/samples/proxy.js');
/** The same with `net` and RxJS, for the contrast. */
export const netRelay = join(root, 'scripts/soak/support/net-relay.mjs');
/** The line server. */
export const rot13 = join(root, '.build/samples/rot13.js');
