/**
 * A chat: every line that somebody says goes to everybody.
 *
 * One reader that is slow, or has stopped, is the question of every fan-out, and `--when-saturated`
 * is the answer: `drop` what it cannot take and go on without it, `close` its connection, or `hold`
 * the speakers until it has caught up, so that nobody misses a word.
 */
import { Option } from 'commander';
import { skip, Subject, takeUntil, tap } from 'rxjs';
import { EventBase, serve, type WhenSaturated } from 'rxjs-libevent';
import { chat } from './pipelines/chat';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverCommand, type ServerOptions } from './support/serverOptions';

interface ChatOptions extends ServerOptions {
  readonly whenSaturated: WhenSaturated;
}

const { host, port, threads, whenSaturated } = serverCommand('chat', 'Sends every line to all.')
  .addOption(
    new Option('--when-saturated <what>', 'what a slow reader brings about')
      .choices(['hold', 'drop', 'close'])
      .default('drop'),
  )
  .parse()
  .opts<ChatOptions>();
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();
const room = new Subject<string>();

listener
  .pipe(
    tap(live.connection),
    serve((conn) => chat(conn, room, whenSaturated, live), {
      onError: live.say,
      shutdown: stop.pipe(tap(live.finishing)),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
