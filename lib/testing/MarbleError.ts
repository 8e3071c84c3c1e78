/** A marble test that cannot be run, or whose expectation does not hold. */
export class MarbleError extends Error {
  override readonly name = 'MarbleError';

  /**
   * Remembers a line of the test, for a failure that shows only when virtual time has ended.
   *
   * @param call - the function of the kit that the test has called
   */
  static at(call: (...args: never[]) => unknown): (message: string) => MarbleError {
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, call);
    return (message) => {
      const error = new MarbleError(message);
      const lines = site.stack?.split('\n').slice(1) ?? [];
      error.stack = [`${error.name}: ${message}`, ...lines].join('\n');
      return error;
    };
  }
}

/** Makes the error of a check, with the stack of the line that asked for it. */
export type Fail = (message: string) => MarbleError;
