import { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { checkString } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { MAX_MS } from '../connection/ConnectionConfig';
import type { OpenFile } from '../connection/OpenFile';
import { MarbleError } from './MarbleError';
import { type Mark, sign } from './Mark';
import type { Peer } from './Peer';
import type { Rig } from './Rig';
import { type Bytes, toBytes } from './bytes';

/** What a file holds, or what opening it fails with. */
export type FileContent = Bytes | Error;

/** Options of a file of a test. */
export interface ScriptedFileConfig {
  /**
   * What it says of its size. 0 is a file that says none, as in `/proc`; with more than it holds it has become
   * shorter when it is sent, and fails with `EIO`. Default: what it holds. Bounds: 0 to 9007199254740991 bytes.
   */
  readonly sizeBytes?: number;
  /** How long opening it takes. Default: 0 ms. Bounds: 0 to 2147483647. */
  readonly opensAfterMs?: number;
}

const OPTIONS = {
  sizeBytes: option.optional(option.integer('bytes', 0, Number.MAX_SAFE_INTEGER)),
  opensAfterMs: option.integer('ms', 0, MAX_MS, 0),
} satisfies OptionTable<ScriptedFileConfig>;

/** A file that exists in one test only, for `connection.sendFile`. */
export class ScriptedFile {
  /** @internal `^` where it is opened, `!` where it is closed; `#` where opening has failed. */
  readonly log: Mark<never>[] = [];
  /** @internal Its failure in a check, at the line that has made it. */
  readonly fail = MarbleError.here();
  private readonly content: Buffer | Error;
  private readonly sizeBytes: number;
  private readonly opensAfterMs: number;

  /** @internal Files come from `file`. */
  constructor(
    private readonly rig: Rig,
    readonly path: string,
    content: FileContent,
    config: ScriptedFileConfig,
  ) {
    if (checkString('file: path', path) === '')
      throw new MarbleError('file: path must not be empty');
    if (rig.files.some((other) => other.path === path)) {
      throw new MarbleError(`file: there is a '${path}' already, a path is for one`);
    }
    const options = checkedOptions(`file('${path}'): config`, config, OPTIONS);
    this.content =
      content instanceof Error ? content : toBytes(`file('${path}'): content`, content, 'utf8');
    const heldBytes = content instanceof Error ? 0 : content.length;
    this.sizeBytes = options.sizeBytes ?? heldBytes;
    this.opensAfterMs = options.opensAfterMs;
    rig.files.push(this);
  }

  /** @internal How many times it is open. */
  get openings(): number {
    const signs = this.log.map(({ char }) => char);
    return (
      signs.filter((char) => char === '^').length - signs.filter((char) => char === '!').length
    );
  }

  /** @internal For a connection that sends it. */
  open(peer: Peer): Observable<OpenFile> {
    const { reactor } = this.rig;
    reactor.checkRunning(`file '${this.path}' was opened`);
    return new Observable((subscriber) => {
      reactor.after(this.opensAfterMs, () => {
        const { content } = this;
        this.put(content instanceof Error ? '#' : '^');
        if (content instanceof Error) {
          subscriber.error(content);
          return;
        }
        subscriber.next(this.opened(peer, content));
        subscriber.complete();
      });
    });
  }

  private opened({ log, transport }: Peer, content: Buffer): OpenFile {
    const send = (offset: number, bytes: number): void => {
      const part = content.subarray(offset, offset + bytes);
      log.onWrite(part);
      transport?.writeFile(part, bytes);
    };
    return {
      sizeBytes: this.sizeBytes,
      send: transport?.tls === undefined ? send : undefined,
      read: (into, bytes, offset) => [content.copy(into, 0, offset, offset + bytes)],
      close: () => {
        this.put('!');
        return [];
      },
    };
  }

  private put(char: string): void {
    this.log.push(sign(this.rig.reactor.now(), char));
  }
}

/** What `connection.sendFile` opens in a test: what it has given, and nothing of the system's. */
export function openScripted(rig: Rig, peer: Peer, path: string): Observable<OpenFile> {
  const file = rig.files.find((other) => other.path === path);
  if (file !== undefined) return file.open(peer);
  const detail = 'no file() of this test has this path';
  return new Observable((subscriber) => {
    rig.reactor.after(0, () => {
      subscriber.error(new LibeventError('ENOENT', 'open', { address: path, detail }));
    });
  });
}
