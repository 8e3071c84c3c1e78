import { Connection } from '../connection/Connection';
import { MarbleRecording } from './MarbleRecording';
import { type RecordConfig, recordOptions } from './RecordConfig';
import { RecordingClock } from './RecordingClock';

/**
 * Records what happens on a real connection, as a marble test to paste.
 *
 * "What was that session? Here it is."
 *
 * ```
 * peer sends       --a------b--|
 * pipeline writes  --x------y---
 * recording        connection('--a------b--|', values) … expectWritten(conn).toBe('--x------y')
 * ```
 *
 * Frames are milliseconds from the call; what happens in one turn of the event loop is one frame. What is
 * expected is what came, in its order: frames count only where `timing` says so.
 * Call it before anything is subscribed, as first thing in the handler of `serve`. It keeps every
 * byte, so it is for a session, not for a server.
 *
 * @param connection - a connection of any kind
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
 */
export function recordMarbles(connection: Connection, config: RecordConfig = {}): MarbleRecording {
  if (!(connection instanceof Connection)) {
    throw new TypeError(`connection must be a Connection, got ${typeof connection}`);
  }
  const options = recordOptions(config);
  const clock = new RecordingClock(() => {
    recording.look();
  });
  const recording = new MarbleRecording(connection, clock, options);
  return recording;
}
