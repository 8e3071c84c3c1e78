/**
 * A chat: every line that somebody says goes to everybody.
 *
 * One reader that is slow, or has stopped, is the question of every fan-out, and `--when-saturated`
 * is the answer: `drop` what it cannot take and go on without it, `close` its connection, or `hold`
 * the speakers until it has caught up, so that nobody misses a word.
 */
import { Option } from 'commander';
import { Subject } from 'rxjs';
import type { WhenSaturated } from 'rxjs-libevent';
import { chat } from './pipelines/chat';
import { serverCommand, type ServerOptions } from './support/serverOptions';
import { Site } from './support/Site';

interface ChatOptions extends ServerOptions {
  readonly whenSaturated: WhenSaturated;
}

const options = serverCommand('chat', 'Sends every line to all.')
  .addOption(
    new Option('--when-saturated <what>', 'what a slow reader brings about')
      .choices(['hold', 'drop', 'close'])
      .default('drop'),
  )
  .parse()
  .opts<ChatOptions>();
const site = new Site(options);
const room = new Subject<string>();

site.serve((conn) => chat(conn, room, options.whenSaturated, site.live));
