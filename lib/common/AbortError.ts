/** What an aborted `AbortSignal` ends an Observable with: shaped like Node's own. */
export class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  /** @param reason - the signal's, found as `cause` */
  constructor(reason: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}
