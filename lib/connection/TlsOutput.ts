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
  onPosition(): void;
  onLowMark(): void;
  /** All that was written has been sent. */
  onAllSent(): void;
}

/** The plaintext output of a session by `node:tls`: what waits for it, and how much of it has been sent. */
export class TlsOutput {
  private readonly waiting = new Queue<Buffer>();
  private head: Buffer | undefined;
  private pieceBytes = 0;
  private taken: number;
  private encryptedSent = 0;
  private notifyAt: number | undefined;
  private drainAt: number | undefined;
  private state: 'waiting' | 'open' | 'stopped' = 'waiting';

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

  /** @param bytes - the output's from here on */
  add(bytes: Buffer): void {
    this.taken += bytes.length;
    this.waiting.push(bytes);
    this.go();
  }

  /** The handshake is done. */
  open(): void {
    if (this.state === 'waiting') this.state = 'open';
    this.go();
  }

  /** Nothing more is sent. */
  stop(): void {
    this.state = 'stopped';
    this.head = undefined;
    this.waiting.clear();
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
    if (this.state === 'open' && this.allSent) this.owner.onAllSent();
  }

  private lookLater(): void {
    laterTurn(() => {
      this.look();
    });
  }

  /** One piece at a time: what comes meanwhile is the next. */
  private go(): void {
    if (this.state !== 'open' || this.pieceBytes > 0) return;
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
