import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Where an error happened, as far as it is known. */
export interface LibeventErrorInfo {
  /** Host or path. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** Positive, as in `<errno.h>`. Default: that of the code. */
  readonly errno?: number | undefined;
  /** What the message says instead of the system's words. */
  readonly detail?: string | undefined;
  /** Bytes that there are, or would be. */
  readonly length?: number | undefined;
  /** Bytes that there may be, or ought to be. */
  readonly limit?: number | undefined;
  /** Every error that led to this one, in the order of their coming. */
  readonly errors?: readonly LibeventError[] | undefined;
}

const errnos = constants.errno as Readonly<Record<string, number>>;

/**
 * What goes wrong on a socket, a timer, a base or in a frame, shaped like Node's system errors.
 *
 * "What has failed, where, and how much was allowed."
 *
 * `code` is a name of `<errno.h>` (`'ECONNRESET'`) or one of this library's own; `syscall` is what
 * was being done, `'read'` or `'write'` where a rule of the library was broken. `errno` is negative,
 * as in Node, and absent for the library's own codes, which begin with `ERR_`: `docs/errors.md` has each
 * of them, with what to do about it.
 *
 * @example
 * ```ts
 * conn.pipe(lines({ maxLength: 512 })).subscribe({
 *   error: (error) => error.code === 'ERR_FRAME_TOO_LONG' && conn.next('500 line too long\r\n'),
 * });
 * ```
 */
export class LibeventError extends Error {
  override readonly name = 'LibeventError';
  // Declared only, so that what is not known is not there at all.
  declare readonly errno?: number;
  declare readonly address?: string;
  declare readonly port?: number;
  declare readonly length?: number;
  /** Where a limit was broken: how much is allowed. */
  declare readonly limit?: number;
  /** What `length` and `limit` count, where there is one of them. */
  declare readonly unit?: 'bytes';
  /** Where several addresses were tried: the error of each, in order. */
  declare readonly errors?: readonly LibeventError[];

  constructor(
    readonly code: string,
    readonly syscall: string,
    info: LibeventErrorInfo = {},
  ) {
    const errno = info.errno ?? errnos[code];
    const words =
      info.detail ?? (errno === undefined ? code : (getSystemErrorMap().get(-errno)?.[1] ?? code));
    const port = info.port === undefined ? '' : `:${String(info.port)}`;
    const where = info.address === undefined ? '' : ` ${info.address}${port}`;
    super(`${syscall} ${code}: ${words}${where}`);
    if (errno !== undefined) this.errno = -errno;
    if (info.address !== undefined) this.address = info.address;
    if (info.port !== undefined) this.port = info.port;
    if (info.length !== undefined) this.length = info.length;
    if (info.limit !== undefined) this.limit = info.limit;
    if (info.length !== undefined || info.limit !== undefined) this.unit = 'bytes';
    if (info.errors !== undefined) this.errors = info.errors;
  }

  /** From a positive errno, as the reactor reports it. */
  static of(errno: number, syscall: string, info?: LibeventErrorInfo): LibeventError {
    const code =
      getSystemErrorMap().get(-errno)?.[0] ??
      Object.keys(errnos).find((name) => errnos[name] === errno) ??
      `ERRNO_${String(errno)}`;
    return new LibeventError(code, syscall, { ...info, errno });
  }
}
