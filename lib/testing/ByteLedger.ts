import type { LibeventError } from '../common/LibeventError';
import type { InputWatch, Peer } from './Peer';
import { Violation } from './Violation';
import type { OnDropped } from './VirtualLink';
import { describeBytes, differsAt } from './bytes';

const BYTES = 'bytes are conserved';
const ORDER = 'what is emitted is what was written';
const TRUNCATION = 'a FIN means that this was all';
const HELD = 'a connection that is held emits nothing';

/** What carries the bytes in between. */
export interface BytesUnderWay {
  readonly bytes: number;
}

/**
 * What becomes of the bytes of one direction of a connection. Each byte that was written is in one
 * place: it waits somewhere, or has been emitted, or was dropped, with a reason.
 */
export class ByteLedger implements InputWatch {
  /** Bytes that were lost, by reason. */
  readonly dropped = new Map<string, number>();
  private droppedBytes = 0;
  private written = Buffer.alloc(256);
  private writtenBytes = 0;
  private writesSeen = 0;
  /** Bytes that the receiving connection has been given. */
  private arrivedBytes = 0;
  /** Bytes that its subscribers have had, and not given back. */
  emittedBytes = 0;

  constructor(
    private readonly sender: Peer,
    private readonly receiver: Peer,
    private readonly wire: BytesUnderWay,
    /** Not by throwing: it may be inside an operator, which would take the error for its own. */
    private readonly onViolation: (violation: Violation) => void,
  ) {}

  /** Enters what both ends drop, each into the ledger of the direction. */
  static watch(there: ByteLedger, back: ByteLedger): void {
    const ends: readonly (readonly [ByteLedger, ByteLedger])[] = [
      [there, back],
      [back, there],
    ];
    for (const [out, into] of ends) {
      const { sender } = out;
      const onDropped: OnDropped = (direction, bytes, reason) => {
        (direction === 'out' ? out : into).drop(bytes, reason);
      };
      sender.log.watch = into;
      if (sender.link !== undefined) sender.link.onDropped = onDropped;
      sender.onOpened = (transport) => {
        transport.onDropped = onDropped;
      };
    }
  }

  drop(bytes: number, reason: string): void {
    if (bytes === 0) return;
    this.droppedBytes += bytes;
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + bytes);
  }

  onData(chunk: Buffer): void {
    this.arrivedBytes += chunk.length;
  }

  onEmit(chunk: Buffer): void {
    this.enterWrites();
    if (this.receiver.connection?.held === true) this.violate(HELD, '');
    const at = this.emittedBytes;
    const expected = this.written.subarray(at, Math.min(at + chunk.length, this.writtenBytes));
    if (!expected.equals(chunk)) {
      const byte = differsAt(expected, chunk);
      const values = `written ${describeBytes(expected, byte)}, emitted ${describeBytes(chunk, byte)}`;
      this.violate(ORDER, `byte ${String(at + byte)} differs: ${values}`);
    }
    this.emittedBytes += chunk.length;
  }

  onGivenBack(bytes: number): void {
    this.emittedBytes -= bytes;
  }

  onEnd(error: LibeventError | undefined): void {
    this.enterWrites();
    if (error !== undefined || this.arrivedBytes === this.writtenBytes) return;
    const counts = `${String(this.arrivedBytes)} of ${String(this.writtenBytes)} bytes have come`;
    this.violate(TRUNCATION, counts);
  }

  /** Whether every byte is in one place. */
  check(): void {
    this.enterWrites();
    const { sender, receiver, arrivedBytes, emittedBytes } = this;
    const places = {
      unsent: sender.transport?.unsentBytes ?? 0,
      'in the sending system': sender.link?.outgoingBytes ?? 0,
      'under way': this.wire.bytes,
      'in the receiving system': receiver.link?.incomingBytes ?? 0,
      read: receiver.transport?.postedBytes ?? 0,
      arrived: arrivedBytes,
      dropped: this.droppedBytes,
    };
    let found = 0;
    for (const bytes of Object.values(places)) found += bytes;
    if (found !== this.writtenBytes) {
      const list = Object.entries(places).filter(([, bytes]) => bytes > 0);
      const text = list.map(([place, bytes]) => `${String(bytes)} ${place}`).join(', ');
      this.violate(BYTES, `${String(this.writtenBytes)} written; ${text || 'none found'}`);
    }
    const input = receiver.connection?.core.input;
    if (input === undefined) return;
    const waiting = arrivedBytes - emittedBytes;
    const kept = input.ended ? 0 : input.waitingBytes;
    // While a chunk is being emitted it counts as one that waits. What its owner has ended may lose bytes.
    if (input.emits || waiting === kept || (input.ended && !input.whole)) return;
    const counts = `${String(arrivedBytes)} arrived; ${String(emittedBytes)} emitted, ${String(kept)} waiting`;
    this.violate(BYTES, counts);
  }

  /** The bytes that the receiving connection had and its owner did not want. */
  close(): void {
    const input = this.receiver.connection?.core.input;
    if (input?.ended !== true) return;
    const lost = this.arrivedBytes - this.emittedBytes;
    if (lost > 0) this.dropped.set('ended by its owner', lost);
  }

  private violate(what: string, detail: string): void {
    const where = `${this.sender.name} to ${this.receiver.name}`;
    this.onViolation(new Violation(what, detail === '' ? where : `${where}: ${detail}`));
  }

  private enterWrites(): void {
    const { writes } = this.sender.log;
    for (; this.writesSeen < writes.length; this.writesSeen += 1) {
      const chunk = writes[this.writesSeen]?.value as Buffer;
      const end = this.writtenBytes + chunk.length;
      if (end > this.written.length) {
        const larger = Buffer.alloc(Math.max(end, 2 * this.written.length));
        this.written.copy(larger);
        this.written = larger;
      }
      chunk.copy(this.written, this.writtenBytes);
      this.writtenBytes = end;
    }
  }
}
