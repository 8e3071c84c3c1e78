import { Duplex } from 'node:stream';
import type { Transport } from './Transport';

/** Ciphertext that has been written up to a position, and who is to be called when it has been sent. */
interface Flight {
  readonly position: number;
  readonly sent: () => void;
}

/**
 * The stream under a `tls.TLSSocket`, over a transport of ciphertext. A write is done when it has been
 * sent, so that the callback of a plain write says the same of its ciphertext. What is received is
 * pushed; its owner bounds it, and closes what is below.
 */
export class TlsWire extends Duplex {
  private flight: Flight | undefined;

  /**
   * @param givenBytes - that the transport has been given, in all
   * @param onWritten - called when everything has been written, close_notify included
   */
  constructor(
    private readonly lower: Pick<Transport, 'sent' | 'write' | 'notify'>,
    private givenBytes: number,
    private readonly onWritten: () => void,
  ) {
    super({ allowHalfOpen: true, autoDestroy: false });
  }

  /** What was asked for by `notify` has been sent, or something else has. */
  look(): void {
    const { flight } = this;
    if (flight === undefined || this.lower.sent < flight.position) return;
    this.flight = undefined;
    flight.sent();
  }

  override _read(): void {
    // It is pushed when it comes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.send([chunk], done);
  }

  override _writev(list: { readonly chunk: Buffer }[], done: () => void): void {
    this.send(
      list.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.onWritten();
    done();
  }

  override _destroy(_error: Error | null, done: (error: null) => void): void {
    done(null);
  }

  private send(chunks: readonly Buffer[], sent: () => void): void {
    for (const chunk of chunks) this.givenBytes += this.lower.write(chunk, 'latin1');
    this.flight = { position: this.givenBytes, sent };
    this.lower.notify(this.givenBytes);
  }

  /** Calls when what has been pushed has gone through, and what it leads to has been emitted. */
  whenThrough(then: () => void): void {
    setImmediate(() => {
      if (this.destroyed || this.readableLength === 0) setImmediate(then);
      else this.whenThrough(then);
    });
  }
}
