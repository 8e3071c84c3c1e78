import { type Observable, isObservable } from 'rxjs';
import { Connection } from '../connection/Connection';
import { ListenerRecording } from './ListenerRecording';
import { MarbleRecording } from './MarbleRecording';
import { type RecordConfig, recordOptions } from './RecordConfig';
import { RecordedLog } from './RecordedLog';
import { RecordingClock } from './RecordingClock';

/**
 * Records what happens on a real connection, or on all of a listener, as a marble test to paste.
 *
 * "What was that session? Here it is."
 *
 * ```
 * peer sends       --a------b--|
 * pipeline writes  --x------y---
 * recording        connection('--a------b--|', values) … expectWritten(conn).toBe('--x------y')
 * ```
 *
 * Frames are milliseconds from the call, or from the first connection of a listener; what happens in one turn of the
 * event loop is one frame, but what comes from two peers comes in two. What is expected is what came, in its order:
 * frames count only where `timing` says so.
 * Call it before anything is subscribed, as first thing in the handler of `serve`. It keeps every
 * byte, so it is for a session, not for a server.
 *
 * @param source - a connection of any kind; or a listener, whose connections the recording emits
 * @returns the recording; its `toString()` is the test as far as it has got
 *
 * @example
 * ```ts
 * serve((conn) => {
 *   const recording = recordMarbles(conn);
 *   conn.whenClosed.subscribe(() => console.log(String(recording)));
 *   return rot13(conn);
 * });
 * ```
 *
 * @example
 * ```ts
 * const recording = recordMarbles(listen({ port: 40713 }));
 * recording.pipe(serve((conn) => rot13(conn))).subscribe();
 * ```
 */
export function recordMarbles(
  source: Observable<Connection>,
  config?: RecordConfig,
): ListenerRecording;
/**
 * Records one connection, first thing in its handler.
 *
 * @param source - a connection of any kind
 * @throws TypeError for what is none
 */
export function recordMarbles(source: Connection, config?: RecordConfig): MarbleRecording;
export function recordMarbles(
  source: Connection | Observable<Connection>,
  config: RecordConfig = {},
): MarbleRecording | ListenerRecording {
  const options = recordOptions(config);
  if (source instanceof Connection) {
    const clock = new RecordingClock(() => {
      log.look();
    });
    const log = new RecordedLog(source, clock);
    return new MarbleRecording(log, options);
  }
  if (isObservable(source)) return new ListenerRecording(source, options);
  throw new TypeError(
    `source must be a Connection or a Listener, got ${typeof (source as unknown)}`,
  );
}
