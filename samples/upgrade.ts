/**
 * Two protocols on one connection: a handshake in text, then frames with a length in front.
 *
 * The peer says `upgrade to frames` and may send its first frames at once behind it, in the same
 * packet. `lines` reads its one line and gives back what it did not use, so `lengthPrefixed` finds
 * every byte. The server answers `upgraded`, then each frame in capitals.
 */
import { upgrade } from './pipelines/upgrade';
import { serverOptions } from './support/serverOptions';
import { Site } from './support/Site';

new Site(serverOptions('upgrade', 'A text handshake, then frames.')).serve(upgrade);
