import { dirname } from 'node:path';

/** What a {@link MarbleError} has beside its message. */
export interface MarbleErrorDetails {
  readonly cause?: unknown;
  readonly errors?: readonly Error[];
}

/** A marble test that cannot be run, or whose expectations do not hold. */
export class MarbleError extends Error {
  override readonly name = 'MarbleError';
  /** All that has failed, in order, where that is more than one thing. */
  declare readonly errors: readonly Error[];

  /** @internal */
  constructor(message: string, details: MarbleErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : {});
    // As `cause` is: it is not shown with the properties.
    Object.defineProperty(this, 'errors', { value: details.errors ?? [] });
  }

  /** @internal Remembers a line of the test, for a failure that shows only when virtual time has ended. */
  static here(): Fail {
    const site = new Error();
    return (message, details) => {
      const error = new MarbleError(message, details);
      error.stack = [`${error.name}: ${message}`, ...usersLines(site.stack)].join('\n');
      return error;
    };
  }
}

/** Makes the error of a check, with the stack of the line that asked for it. */
export type Fail = (message: string, details?: MarbleErrorDetails) => MarbleError;

const LIBRARY = dirname(__dirname);

/** The lines of a stack from the innermost that is not of this library. */
export function usersLines(stack: string | undefined): string[] {
  const lines = stackLines(stack);
  const first = lines.findIndex((line) => !isOfLibrary(line));
  return lines.slice(Math.max(0, first));
}

/** Whether a line of a stack is in this library. */
export function isOfLibrary(line: string): boolean {
  return line.includes(LIBRARY);
}

/** The lines of a stack that name places. */
export function stackLines(stack: string | undefined): string[] {
  return (stack ?? '').split('\n').filter((line) => /^ +at /.test(line));
}
