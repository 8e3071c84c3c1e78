import { MarbleError, stackLines } from './MarbleError';
import type { Rig } from './Rig';
import { describeError } from './ErrorPattern';
import { isAssertion } from './isAssertion';

/**
 * The errors of sessions that no `onError` took and no expectation names: with `expectSessionError`, or
 * with `expectClosed` of the connection that has failed with it.
 */
export function sessionFailures({ peers }: Rig): MarbleError[] {
  const known = new Set<unknown>(
    peers.flatMap(({ stated, connection }) =>
      stated.has('closed') && connection?.failure !== undefined ? [connection.failure] : [],
    ),
  );
  return peers.flatMap(({ name, log, stated }) => {
    if (stated.has('session')) return [];
    return log.sessionErrors
      .filter(({ value }) => !known.has(value))
      .map(({ frame, value }) => failureAt(name, frame, value));
  });
}

/** It has the stack of what was thrown: that is the line to mend. */
function failureAt(name: string, frame: number, error: unknown): MarbleError {
  const message =
    `${name}: its session has failed at frame ${String(frame)} with ${describeError(error)}: ` +
    (isAssertion(error)
      ? "an assertion is the test's, whatever onError takes"
      : 'an onError is missing, or expectSessionError()');
  const failure = new MarbleError(message, { cause: error });
  const lines = stackLines(error instanceof Error ? error.stack : undefined);
  if (lines.length > 0) failure.stack = [`${failure.name}: ${message}`, ...lines].join('\n');
  return failure;
}
