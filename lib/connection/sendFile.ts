import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Observable, type ObservableInput, type Subscriber, from } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { checkInteger, checkString } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { OpenFile } from './OpenFile';
import type { Output } from './Output';
import { socketTransport } from './socketTransport';
import type { SocketTransport, Transport } from './Transport';

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

async function openOnDisk(transport: SocketTransport, path: string): Promise<OpenFile> {
  const file = await open(path, OPEN_FLAGS);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) {
      const code = stat.isDirectory() ? 'EISDIR' : 'EINVAL';
      const detail = 'only a regular file can be sent';
      throw new LibeventError(code, 'sendfile', { address: path, detail });
    }
    const send = (offset: number, bytes: number): void => {
      transport.sendFile(file.fd, offset, bytes);
    };
    return {
      sizeBytes: stat.size,
      // The kernel cannot encrypt one.
      send: transport.securing ? undefined : send,
      read: async (into, bytes, offset) => (await file.read(into, 0, bytes, offset)).bytesRead,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Part {
  readonly start: number;
  /** The byte behind the last one. */
  readonly stop: number;
}

/**
 * One file on its way: opened, put into the output slice by slice, followed until it has been sent.
 * It waits for no promise of its own, so that it is the same in virtual time.
 */
class FileSending {
  private file: OpenFile | undefined;
  private offset: number;
  private stop: number;
  /** Slices that have been submitted and not sent. */
  private underWay = 0;
  private state: 'opening' | 'reading' | 'sending' | 'ended' = 'opening';
  private failure: { readonly error: unknown } | undefined;
  private slice: Buffer | undefined;

  constructor(
    private readonly output: Output,
    private readonly part: Part,
    private readonly subscriber: Subscriber<number>,
  ) {
    this.offset = part.start;
    this.stop = part.stop;
  }

  start(opening: ObservableInput<OpenFile>): void {
    this.when(opening, (file) => {
      this.file = file;
      this.state = 'sending';
      if (file.sizeBytes > 0) this.stop = Math.min(this.stop, file.sizeBytes);
      this.goOn(file);
    });
  }

  private goOn(file: OpenFile): void {
    while (this.state === 'sending' && this.goesOn && this.underWay < SLICES_UNDER_WAY) {
      // Only a read shows that a file is empty.
      if (file.send === undefined || file.sizeBytes === 0) this.readSlice(file);
      else this.sendSlice(file, file.send);
    }
    if (this.state === 'sending' && this.underWay === 0) this.end();
  }

  private get goesOn(): boolean {
    return this.offset < this.stop && !this.subscriber.closed;
  }

  private sendSlice(file: OpenFile, send: (offset: number, bytes: number) => void): void {
    this.checkOutput();
    const bytes = Math.min(SLICE_BYTES, this.stop - this.offset);
    this.output.writeFile(send, this.offset, bytes);
    this.follow(file, bytes);
  }

  private readSlice(file: OpenFile): void {
    this.state = 'reading';
    const slice = (this.slice ??= Buffer.allocUnsafeSlow(READ_BYTES));
    const most = Math.min(READ_BYTES, this.stop - this.offset);
    this.when(file.read(slice, most, this.offset), (bytes) => {
      this.state = 'sending';
      if (bytes > 0) {
        this.checkOutput();
        this.output.writeFileBytes(slice.subarray(0, bytes));
        this.follow(file, bytes);
      } else if (file.sizeBytes > 0) {
        // One that has become shorter must not look whole.
        throw this.output.failFile(new LibeventError('EIO', 'sendfile'));
      } else {
        this.stop = this.offset;
      }
      this.goOn(file);
    });
  }

  /** Emits when a slice has been sent. */
  private follow(file: OpenFile, bytes: number): void {
    this.offset += bytes;
    this.underWay += 1;
    const sent = this.offset - this.part.start;
    this.output.whenWrittenSent((error) => {
      if (this.state === 'ended') return;
      this.underWay -= 1;
      this.attempt(() => {
        if (error !== undefined) throw error;
        this.checkOutput();
        this.subscriber.next(sent);
        this.goOn(file);
      });
    });
  }

  /** A connection that has been closed from here has no failure, but sends nothing either. */
  private checkOutput(): void {
    if (this.output.takesFile) return;
    if (this.output.failure !== undefined) throw this.output.failure;
    const detail = 'the connection was closed before the file had been sent';
    throw new LibeventError('ECANCELED', 'sendfile', { detail });
  }

  private when<T>(input: ObservableInput<T>, then: (value: T) => void): void {
    from(input).subscribe({
      next: (value) => {
        if (this.state !== 'ended') {
          this.attempt(() => {
            then(value);
          });
        }
      },
      error: (error: unknown) => {
        this.fail(error);
      },
    });
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.end();
  }

  private end(): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    const { file, output, subscriber } = this;
    const done = (): void => {
      output.endFile();
      if (this.failure === undefined) subscriber.complete();
      else subscriber.error(this.failure.error);
    };
    if (file === undefined) {
      done();
      return;
    }
    from(file.close()).subscribe({
      error: (error: unknown) => {
        this.failure ??= { error };
        done();
      },
      complete: done,
    });
  }
}

/** How a transport opens a file: its own way, or that of a socket. */
function openerOf(transport: Transport): (path: string) => ObservableInput<OpenFile> {
  if (transport.openFile !== undefined) return transport.openFile;
  const socket = socketTransport(transport, 'sendfile');
  return (path) => openOnDisk(socket, path);
}

/** The work behind `connection.sendFile`. */
export function sendFile(
  output: Output,
  transport: Transport,
  path: string,
  config: SendFileConfig,
): Observable<number> {
  const openFile = openerOf(transport);
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
      new FileSending(output, { start, stop: end + 1 }, subscriber).start(openFile(path));
    }),
  );
}
