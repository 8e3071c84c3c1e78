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
  /** Every error that led to this one, in the order of their coming. */
  readonly errors?: readonly LibeventError[] | undefined;
}

const errnos = constants.errno as Readonly<Record<string, number>>;

/**
 * What goes wrong on a socket, a timer or a base, shaped like Node's system errors.
 *
 * `code` is a name of `<errno.h>` (`'ECONNRESET'`) or one of this library's own
 * (`'ERR_MAX_OUTPUT_BYTES'`); `errno` is negative, as in Node, and absent for the library's own.
 */
export class LibeventError extends Error {
  override readonly name = 'LibeventError';
  // Declared only, so that what is not known is not there at all.
  declare readonly errno?: number;
  declare readonly address?: string;
  declare readonly port?: number;
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
