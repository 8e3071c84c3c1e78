import type { LibeventError } from '../common/LibeventError';
import { Queue } from '../flow/Queue';
import { laterTurn } from '../flow/laterTurn';

/** Plaintext that is encrypted at once: four records. */
const PIECE_BYTES = 65536;

/** What {@link TlsOutput} asks of its transport. */
export interface TlsOutputOwner {
  /** Bytes of those that were written before the first piece that have been sent. */
  readonly plainSent: number;
  /** Encrypts a piece, and sends it; calls `sent` when the system has taken all of it. */
  sendPiece(piece: Buffer, sent: () => void): void;
  /** Sends close_notify; {@link TlsOutput.notified} follows. */
  sendNotify(): void;
  onPosition(): void;
  onLowMark(): void;
  /** close_notify has been sent, and all output in front of it. */
  onOutputEnded(): void;
  /** Output, or its end, can no longer be sent. */
  onOutputFailed(error: LibeventError): void;
}

/**
 * The plaintext output of a session by `node:tls`: what waits for it, how much of it has been sent,
 * and how it ends: by close_notify, or by a failure.
 */
export class TlsOutput {
  private readonly waiting = new Queue<Buffer>();
  private head: Buffer | undefined;
  private pieceBytes = 0;
  private taken: number;
  private encryptedSent = 0;
  private notifyAt: number | undefined;
  private drainAt: number | undefined;
  /** Refused: the handshake is done, and nothing but the end is sent. Stopped: nothing is. */
  private state: 'handshaking' | 'open' | 'refused' | 'stopped' = 'handshaking';
  /** Wanted: close_notify follows what has been written. */
  private ending: 'none' | 'wanted' | 'underWay' | 'sent' = 'none';
  private failure: LibeventError | undefined;

  /** @param plainBytes - that were written before */
  constructor(
    plainBytes: number,
    private readonly owner: TlsOutputOwner,
  ) {
    this.taken = plainBytes;
  }

  /** Bytes that have been sent, in all. */
  get sent(): number {
    return this.owner.plainSent + this.encryptedSent;
  }

  get allSent(): boolean {
    return this.taken === this.sent;
  }

  /** close_notify has been sent: what becomes of the wire concerns no output. */
  get ended(): boolean {
    return this.ending === 'sent';
  }

  get failed(): boolean {
    return this.failure !== undefined;
  }

  /** @param bytes - the output's from here on */
  add(bytes: Buffer): void {
    this.taken += bytes.length;
    this.waiting.push(bytes);
    this.go();
    this.failLater();
  }

  /** The handshake is done. */
  open(): void {
    if (this.state !== 'handshaking') return;
    this.state = 'open';
    this.go();
    this.endIfSent();
  }

  /** The handshake is done, and this end does not take the peer. */
  refuse(): void {
    this.stop();
    this.state = 'refused';
    this.endIfSent();
  }

  /** Nothing more is sent. */
  stop(): void {
    this.state = 'stopped';
    this.head = undefined;
    this.waiting.clear();
  }

  /** close_notify is sent behind what has been written. */
  finish(): void {
    if (this.ending === 'none') this.ending = 'wanted';
    this.endIfSent();
    this.failLater();
  }

  /** close_notify has been sent. */
  notified(): void {
    this.ending = 'sent';
    this.owner.onOutputEnded();
  }

  /** Nothing can be sent any more. */
  fail(error: LibeventError): void {
    this.failure ??= error;
    this.failIfLost();
  }

  notify(position: number): void {
    this.notifyAt = position;
    this.lookLater();
  }

  drain(lowBytes: number): void {
    this.drainAt = lowBytes;
    this.lookLater();
  }

  /** More has been sent, maybe. */
  look(): void {
    if (this.state === 'stopped') return;
    const { sent } = this;
    if (this.notifyAt !== undefined && sent >= this.notifyAt) {
      this.notifyAt = undefined;
      this.owner.onPosition();
    }
    if (this.drainAt !== undefined && this.taken - sent <= this.drainAt) {
      this.drainAt = undefined;
      this.owner.onLowMark();
    }
    this.endIfSent();
  }

  private lookLater(): void {
    laterTurn(() => {
      this.look();
    });
  }

  private failLater(): void {
    if (this.failure === undefined) return;
    laterTurn(() => {
      this.failIfLost();
    });
  }

  /** What the session sends by itself, a ticket, is nobody's loss: the end of the input says why. */
  private failIfLost(): void {
    const { failure } = this;
    if (failure === undefined || this.state === 'stopped' || this.ended) return;
    if (this.allSent && this.ending === 'none') return;
    this.stop();
    this.owner.onOutputFailed(failure);
  }

  private endIfSent(): void {
    if (this.ending !== 'wanted' || this.failure !== undefined) return;
    if (this.state !== 'refused' && (this.state !== 'open' || !this.allSent)) return;
    this.ending = 'underWay';
    this.owner.sendNotify();
  }

  /** One piece at a time: what comes meanwhile is the next. */
  private go(): void {
    if (this.state !== 'open' || this.pieceBytes > 0 || this.failure !== undefined) return;
    const piece = this.nextPiece();
    if (piece.length === 0) return;
    this.pieceBytes = piece.length;
    this.owner.sendPiece(piece, () => {
      this.encryptedSent += this.pieceBytes;
      this.pieceBytes = 0;
      this.go();
      this.look();
    });
  }

  private nextPiece(): Buffer {
    const parts: Buffer[] = [];
    let bytes = 0;
    while (bytes < PIECE_BYTES) {
      const next = this.head ?? this.waiting.shift();
      if (next === undefined) break;
      const part = next.subarray(0, PIECE_BYTES - bytes);
      this.head = part.length < next.length ? next.subarray(part.length) : undefined;
      parts.push(part);
      bytes += part.length;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}
