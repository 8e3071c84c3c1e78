import { inspect } from 'node:util';
import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/**
 * Which error is meant: by its `code`, as `'ECONNRESET'`; by its message, as `/^no such/`; by its class;
 * or by a matcher of a test's framework, as `expect.objectContaining({ … })`.
 */
export type ErrorPattern =
  | string
  | RegExp
  | (abstract new (...args: never[]) => Error)
  | { asymmetricMatch(error: unknown): boolean };

/**
 * @param what - the call that was given it, for the message
 * @throws MarbleError for what is no pattern
 */
export function checkErrorPattern(what: string, pattern: unknown): ErrorPattern {
  if (isPattern(pattern)) return pattern;
  throw new MarbleError(
    `${what}: the error must be a code, a RegExp for its message, a class of errors or a matcher, got ${kindOf(pattern)}`,
  );
}

/** Whether an error and what is meant are the same, or two errors, or two things that are meant. */
export function sameError(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  const [pattern, error] = other instanceof Error ? [one, other] : [other, one];
  return isPattern(pattern) && !isPattern(error) && matchesError(pattern, error);
}

function matchesError(pattern: ErrorPattern, error: unknown): boolean {
  if (typeof pattern === 'string') return (error as { code?: unknown } | null)?.code === pattern;
  if (pattern instanceof RegExp) {
    // Not test(): with the flag g that goes on where it was the last time.
    return error instanceof Error && error.message.search(pattern) >= 0;
  }
  if (isMatcher(pattern)) return pattern.asymmetricMatch(error);
  return error instanceof pattern;
}

function isPattern(value: unknown): value is ErrorPattern {
  const isClass =
    typeof value === 'function' && (value === Error || value.prototype instanceof Error);
  return typeof value === 'string' || value instanceof RegExp || isClass || isMatcher(value);
}

/** An error, or which one is meant, in a message. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return String(error);
  if (typeof error === 'function') return error.name;
  return inspect(error, { depth: 1, breakLength: Infinity });
}

function isMatcher(value: unknown): value is { asymmetricMatch(error: unknown): boolean } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { asymmetricMatch?: unknown }).asymmetricMatch === 'function'
  );
}
