import type { Connection, Listener } from 'rxjs-libevent';
import { marbles } from './marbles';

const PIPELINE = '// The pipeline under test goes here.';

/** Runs the text of a recording, with a pipeline in its place. */
export function replay(text: string, pipeline: (conn: Connection) => void): void {
  replayWith(text, 'conn', pipeline);
}

/** The same, of a listener. */
export function replayListener(text: string, pipeline: (server: Listener) => void): void {
  replayWith(text, 'server', pipeline);
}

function replayWith(text: string, name: string, pipeline: (under: never) => void): void {
  expect(text).toContain(PIPELINE);
  const source = text.replace(PIPELINE, `pipeline(${name});`);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the recording is source text
  const run = new Function('marbles', 'pipeline', source) as (...args: unknown[]) => void;
  run(marbles, pipeline);
}
