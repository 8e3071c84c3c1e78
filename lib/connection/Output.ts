import { Subject, type Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import type { Flow } from '../flow/Flow';
import type { Holdable } from '../flow/Holdable';
import type { Release } from '../flow/Release';
import { currentSource } from '../flow/currentSource';
import type { ConnectionOptions } from './ConnectionConfig';
import { FileInOutput } from './FileInOutput';
import type { Chunk, SocketTransport, Transport } from './Transport';

/** What a sink does with values while it is saturated. */
export type WhenSaturated = 'hold' | 'drop' | 'close';
export const WHEN_SATURATED: readonly WhenSaturated[] = ['hold', 'drop', 'close'];

/** Somebody who waits for bytes to leave. */
interface Waiter {
  readonly position: number;
  readonly done: Ending;
}

const NO_WAITERS: readonly Waiter[] = [];

type OutputState = 'open' | 'finishing' | 'finished' | 'ended';
type Ending = (error: LibeventError | undefined) => void;

/** Whoever is told once when nothing can be sent any more. */
export interface OutputListener {
  /** @param error - if output was lost */
  onOutputEnded(error: LibeventError | undefined): void;
}

/** What {@link Output} asks of its connection. */
export interface OutputOwner {
  /** Ends the connection because of its output. */
  fail(error: LibeventError): void;
}

/**
 * The writing half of a connection: counts bytes, knows when it is saturated, holds the sources
 * that fill it, and tells who waits when bytes have left.
 */
export class Output {
  // What most connections never need is made when it is needed.
  private drainedSubject: Subject<void> | undefined;
  private listeners: readonly OutputListener[] | undefined;
  private holding: Map<Holdable, Release> | undefined;
  dropped = 0;
  private written = 0;
  /** The last known position of what has left; never ahead of the truth. */
  private leftLast = 0;
  private state: OutputState = 'open';
  private stopped = false;
  /** What has ended the output, if it was an error. */
  failure: LibeventError | undefined;
  private waiters: readonly Waiter[] = NO_WAITERS;
  /** The file that is being sent, if one is. */
  file: FileInOutput | undefined;
  /** The end has been asked for while a file was being sent. */
  private finishing = false;

  constructor(
    private readonly transport: Transport,
    private readonly flow: Flow,
    private readonly options: ConnectionOptions,
    private readonly cause: unknown,
    private readonly owner: OutputOwner,
  ) {}

  get drained(): Observable<void> {
    this.drainedSubject ??= new Subject();
    if (this.state === 'ended') this.drainedSubject.complete();
    return this.drainedSubject;
  }

  /** Bytes that have been written and have not left. */
  get bytes(): number {
    // The position is no longer this connection's once it is closed: others have its slot.
    if (this.done) return 0;
    return this.written - this.transport.left + (this.file?.bytesBehind ?? 0);
  }

  get open(): boolean {
    return this.state === 'open' && !this.finishing && !this.stopped;
  }

  /** Nothing more will leave: the FIN has been sent, or cannot be. */
  get done(): boolean {
    return this.state === 'finished' || this.state === 'ended';
  }

  write(chunk: Chunk, whenSaturated: WhenSaturated): void {
    if (!this.open) return;
    if (this.flow.saturated && whenSaturated !== 'hold') {
      this.refuse(whenSaturated);
      return;
    }
    if (this.file !== undefined) {
      this.writeBehind(this.file, chunk, whenSaturated);
      return;
    }
    const least = chunk.length;
    const { maxOutputBytes } = this.options;
    // Looked at only when it could matter: what has left is read from shared memory.
    if (
      this.written + least - this.leftLast > maxOutputBytes &&
      this.bytes + least > maxOutputBytes
    ) {
      this.failForBytes();
      return;
    }
    this.written += this.transport.write(chunk, this.options.encoding);
    if (this.written - this.leftLast > this.flow.writeHigh) {
      this.leftLast = this.transport.left;
      this.flow.output(this.written - this.leftLast);
    }
    if (this.flow.saturated && whenSaturated === 'hold') this.holdCurrent();
  }

  /** Latches a source on a saturated output, as a sink that joins late does. */
  holdCurrent(): void {
    const source = currentSource();
    if (source === undefined || this.holding?.has(source) === true) return;
    (this.holding ??= new Map()).set(source, source.hold(this.cause));
  }

  /**
   * `done` once everything that has been written until now has left, or cannot leave; at once if
   * that is known.
   */
  whenLeft(done: Ending): () => void {
    if (this.file === undefined) {
      if (this.written !== this.transport.left) return this.whenWrittenLeft(done);
      // Nobody need be asked. What a failure has cost never counts as having left.
      done(this.failure);
      return () => undefined;
    }
    let stop: (() => void) | undefined;
    const takeBack = this.file.add(() => {
      stop = this.whenWrittenLeft(done);
    });
    return () => {
      takeBack();
      stop?.();
    };
  }

  /** As {@link whenLeft}, but without what waits behind a file. */
  whenWrittenLeft(done: Ending): () => void {
    const waiter: Waiter = { position: this.written, done };
    if (this.state === 'ended') {
      done(this.failure);
      return () => undefined;
    }
    this.waiters = [...this.waiters, waiter];
    this.askForNotice();
    return () => {
      this.waiters = this.waiters.filter((other) => other !== waiter);
    };
  }

  /** Tells when nothing can be sent any more, at once if that is so. */
  listen(listener: OutputListener): void {
    if (this.state === 'ended') listener.onOutputEnded(this.failure);
    else this.listeners = this.listeners?.concat(listener) ?? [listener];
  }

  forget(listener: OutputListener): void {
    this.listeners = this.listeners?.filter((other) => other !== listener);
  }

  /**
   * Lets a file into the output; other writes wait behind it until {@link endFile}.
   *
   * @returns false if nothing can be written, or another file is being sent
   */
  beginFile(): boolean {
    if (!this.open || this.file !== undefined) return false;
    this.file = new FileInOutput();
    return true;
  }

  /** True while the bytes of the file can still go out. */
  get takesFile(): boolean {
    return this.file !== undefined && this.state === 'open' && !this.stopped;
  }

  /** A slice of the file, of any length: it costs no memory. */
  writeFile(transport: SocketTransport, fd: number, offset: number, bytes: number): void {
    transport.sendFile(fd, offset, bytes);
    this.written += bytes;
    this.leftLast = this.transport.left;
    this.flow.output(this.written - this.leftLast);
  }

  /** The file has been submitted, or given up: what waited behind it follows. */
  endFile(): void {
    const { file, finishing } = this;
    this.file = undefined;
    this.finishing = false;
    file?.flush();
    if (finishing) this.finish();
    if (!this.flow.saturated) this.letGo();
    file?.tellEnd();
  }

  /** Nothing more is taken: the connection goes without flushing. */
  stop(): void {
    this.stopped = true;
  }

  /** @param lingers - the transport is to linger next, and sends the FIN by itself */
  finish(lingers = false): void {
    if (!this.open) return;
    if (this.file !== undefined) {
      this.finishing = true;
      return;
    }
    this.state = 'finishing';
    if (!lingers) this.transport.shutdown();
  }

  onSaturated(): void {
    this.askForNotice();
  }

  onDrained(): void {
    // Behind a file nothing goes on before its end.
    if (this.file === undefined) this.letGo();
    this.drainedSubject?.next();
  }

  /** The transport has reached the position that was asked for. */
  onLeft(): void {
    this.leftLast = this.transport.left;
    const due = this.waiters.filter(({ position }) => position <= this.leftLast);
    this.waiters = this.waiters.filter(({ position }) => position > this.leftLast);
    this.flow.output(this.written - this.leftLast);
    this.askForNotice();
    for (const { done } of due) done(undefined);
  }

  onFinished(): void {
    if (this.state === 'finishing') this.state = 'finished';
    this.leave(undefined);
  }

  /** Nothing more can be sent: whoever waits or is held is let go. */
  onFailed(error: LibeventError): void {
    if (!this.done) this.end(error);
  }

  onClosed(error: LibeventError | undefined): void {
    if (this.state !== 'ended')
      this.end(this.state === 'finished' ? undefined : (error ?? this.lost()));
    this.drainedSubject?.complete();
  }

  /** Output that waits when the connection is dropped does not leave: whoever waits for it hears so. */
  private lost(): LibeventError | undefined {
    const { bytes } = this;
    if (bytes === 0) return undefined;
    const detail = `the connection was closed before ${String(bytes)} bytes of output had left`;
    return new LibeventError('ECANCELED', 'write', { detail });
  }

  private end(error: LibeventError | undefined): void {
    this.state = 'ended';
    this.failure = error;
    this.leave(error);
    const { listeners = [] } = this;
    this.listeners = undefined;
    for (const listener of listeners) listener.onOutputEnded(error);
  }

  private leave(error: LibeventError | undefined): void {
    this.letGo();
    const { waiters } = this;
    this.waiters = NO_WAITERS;
    for (const { done } of waiters) done(error);
  }

  private letGo(): void {
    const { holding } = this;
    this.holding = undefined;
    for (const release of holding?.values() ?? []) release();
  }

  private writeBehind(file: FileInOutput, chunk: Chunk, whenSaturated: WhenSaturated): void {
    file.write(chunk, this.options.encoding, (kept) => {
      this.write(kept, 'hold');
    });
    if (file.bytesBehind > this.options.maxOutputBytes) this.failForBytes();
    else if (whenSaturated === 'hold') this.holdCurrent();
  }

  private failForBytes(): void {
    const limit = this.options.maxOutputBytes;
    const detail = `output would exceed maxOutputBytes, ${String(limit)} bytes`;
    this.owner.fail(new LibeventError('ERR_MAX_OUTPUT_BYTES', 'write', { detail, limit }));
  }

  private refuse(whenSaturated: 'drop' | 'close'): void {
    this.dropped += 1;
    if (whenSaturated === 'drop') return;
    const limit = this.flow.writeHigh;
    const detail = `the connection is saturated, above ${String(limit)} bytes`;
    this.owner.fail(new LibeventError('ERR_SATURATED', 'write', { detail, limit }));
  }

  /** One notice at a time: the nearest position that somebody waits for. */
  private askForNotice(): void {
    let nearest = this.flow.saturated ? this.written - this.flow.writeLow : Infinity;
    for (const { position } of this.waiters) nearest = Math.min(nearest, position);
    if (nearest !== Infinity) this.transport.notify(nearest);
  }
}
