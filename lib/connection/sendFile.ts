import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Observable, type Subscriber } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { checkInteger, checkString } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Output } from './Output';
import type { SocketTransport } from './Transport';

/** Which part of a file to send. */
export interface SendFileConfig {
  /** The first byte. Default: 0. Bounds: 0 to 9007199254740990. */
  readonly start?: number;
  /**
   * The last byte, inclusive as in `fs.createReadStream`. Default: the file's last. Bounds: `start`
   * to 9007199254740990; beyond the file's end it is the file's last.
   */
  readonly end?: number;
}

/** Sent in slices: progress is reported after each, and this many are under way at a time. */
const SLICE_BYTES = 4 * 1024 * 1024;
const SLICES_UNDER_WAY = 2;
/** What is read at once of a file that says no size: those of /proc are made while they are read. */
const READ_BYTES = 64 * 1024;
const LAST_BYTE = Number.MAX_SAFE_INTEGER - 1;

const OPTIONS = {
  start: option.integer('bytes', 0, LAST_BYTE, 0),
  end: (value, name, { start }) =>
    checkInteger(name, value ?? LAST_BYTE, start as number, LAST_BYTE, 'bytes'),
} satisfies OptionTable<SendFileConfig>;

/** Opening a FIFO must not wait for its writer: it is refused. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

interface Part {
  readonly path: string;
  readonly start: number;
  /** The byte behind the last one. */
  readonly stop: number;
}

/** One file on its way: opened, put into the output slice by slice, reported as it is sent. */
class FileSending {
  private readonly underWay: Promise<void>[] = [];

  constructor(
    private readonly output: Output,
    private readonly transport: SocketTransport,
    private readonly part: Part,
    private readonly subscriber: Subscriber<number>,
  ) {}

  async run(): Promise<void> {
    const { path, start, stop } = this.part;
    const file = await open(path, OPEN_FLAGS);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) {
        const code = stat.isDirectory() ? 'EISDIR' : 'EINVAL';
        const detail = 'only a regular file can be sent';
        throw new LibeventError(code, 'sendfile', { address: path, detail });
      }
      // Only a read shows that a file is empty; the kernel cannot encrypt one.
      const { size } = stat;
      if (size === 0) await this.sendRead(file, start, stop, 0);
      else if (this.transport.securing)
        await this.sendRead(file, start, Math.min(stop, size), size);
      else await this.sendSlices(file, start, Math.min(stop, size));
    } finally {
      await file.close();
    }
  }

  private async sendSlices(file: FileHandle, start: number, stop: number): Promise<void> {
    for (let offset = start; offset < stop && !this.subscriber.closed; offset += SLICE_BYTES) {
      this.checkOutput();
      const bytes = Math.min(SLICE_BYTES, stop - offset);
      this.output.writeFile(this.transport, file.fd, offset, bytes);
      await this.follow(offset + bytes - start);
    }
    await Promise.all(this.underWay);
  }

  /** @param size - that it has said; one that has become shorter must not look whole */
  private async sendRead(
    file: FileHandle,
    start: number,
    stop: number,
    size: number,
  ): Promise<void> {
    const slice = Buffer.allocUnsafeSlow(READ_BYTES);
    let offset = start;
    while (offset < stop && !this.subscriber.closed) {
      const most = Math.min(READ_BYTES, stop - offset);
      const { bytesRead } = await file.read(slice, 0, most, offset);
      if (bytesRead === 0 && size > 0)
        throw this.output.failFile(new LibeventError('EIO', 'sendfile'));
      if (bytesRead === 0) break;
      this.checkOutput();
      this.output.writeFileBytes(slice.subarray(0, bytesRead));
      offset += bytesRead;
      await this.follow(offset - start);
    }
    await Promise.all(this.underWay);
  }

  /** Emits when a slice has been sent, and waits while enough of them are under way. */
  private async follow(sent: number): Promise<void> {
    const left = this.whenLeft(sent);
    this.underWay.push(left);
    // Handled here and again at the end: whichever comes first reports it.
    left.catch(() => undefined);
    if (this.underWay.length >= SLICES_UNDER_WAY) await this.underWay.shift();
  }

  private async whenLeft(sent: number): Promise<void> {
    const error = await new Promise<LibeventError | undefined>((resolve) => {
      this.output.whenWrittenSent(resolve);
    });
    if (error !== undefined) throw error;
    this.checkOutput();
    this.subscriber.next(sent);
  }

  /** A connection that has been closed from here has no failure, but sends nothing either. */
  private checkOutput(): void {
    if (this.output.takesFile) return;
    if (this.output.failure !== undefined) throw this.output.failure;
    const detail = 'the connection was closed before the file had left';
    throw new LibeventError('ECANCELED', 'sendfile', { detail });
  }
}

/** The work behind `connection.sendFile`. */
export function sendFile(
  output: Output,
  transport: SocketTransport,
  path: string,
  config: SendFileConfig,
): Observable<number> {
  if (checkString('path', path) === '') throw new TypeError('path must not be empty');
  const { start, end } = checkedOptions('config', config, OPTIONS);

  return inSubscriberContext(
    new Observable<number>((subscriber) => {
      // The place in the output is taken now, so what is written from here on follows the file.
      if (!output.beginFile()) {
        const detail = 'the connection is closing, or is sending another file';
        subscriber.error(new LibeventError('ERR_NOT_WRITABLE', 'sendfile', { detail }));
        return;
      }
      const sending = new FileSending(
        output,
        transport,
        { path, start, stop: end + 1 },
        subscriber,
      );
      sending
        .run()
        .finally(() => {
          output.endFile();
        })
        .then(
          () => {
            subscriber.complete();
          },
          (error: unknown) => {
            subscriber.error(error);
          },
        );
    }),
  );
}
