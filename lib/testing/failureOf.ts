import { MarbleError, stackLines } from './MarbleError';

/**
 * One error for all that has failed in a test. It points at the line of the first, and its cause is
 * the first that is known.
 *
 * @param reason - what may be behind all of it, and is said first
 */
export function failureOf(failures: readonly unknown[], reason: string | undefined): unknown {
  const [first] = failures;
  if (failures.length === 1 && (reason === undefined || !(first instanceof MarbleError))) {
    return first;
  }
  const errors = failures.map((failure) =>
    failure instanceof Error ? failure : new MarbleError(`thrown: ${String(failure)}`),
  );
  const texts = errors.map((error, index) => (index === 0 ? error.message : withPlace(error)));
  const count = errors.length > 1 ? [`${String(errors.length)} things have failed`] : [];
  const message = [...(reason === undefined ? [] : [reason]), ...count, ...texts].join('\n\n');
  const withCause = errors.find(({ cause }) => cause !== undefined);
  const thrown = errors.find((error) => !(error instanceof MarbleError));
  const cause = withCause?.cause ?? thrown;
  const whole = new MarbleError(message, {
    ...(cause === undefined ? {} : { cause }),
    ...(errors.length > 1 ? { errors } : {}),
  });
  const lines = stackLines(errors[0]?.stack);
  if (lines.length > 0) whole.stack = [`${whole.name}: ${message}`, ...lines].join('\n');
  return whole;
}

/** A message, and the line of the test that it is about. */
function withPlace(error: Error): string {
  const [line] = stackLines(error.stack);
  return line === undefined ? error.message : `${error.message.trimEnd()}\n${line}`;
}
