import { markAsUntransferable } from 'node:worker_threads';
import { viewOn } from '../common/bytes';
import type { Pins } from './Pins';
import type { SubmissionRing } from './SubmissionRing';

/**
 * Memory that received bytes land in. Slabs are lent to the reactor, filled from front to back and
 * never written again, so a chunk is a view without a copy; the garbage collector frees a slab
 * when its last view has gone.
 */
export class InSlabs {
  private readonly slabs: (ArrayBuffer | undefined)[] = [];

  constructor(
    private readonly pins: Pins,
    private readonly submissions: SubmissionRing,
    private readonly slabBytes: number,
  ) {}

  lend(): void {
    const view = Buffer.allocUnsafeSlow(this.slabBytes);
    // Another thread must not be given the memory while the reactor writes to it.
    markAsUntransferable(view.buffer);
    const pin = this.pins.pin(view);
    this.slabs[pin] = view.buffer;
    this.submissions.lend(pin, this.slabBytes);
  }

  /** The bytes of a data record. */
  view(pin: number, offset: number, bytes: number): Buffer {
    return viewOn(this.slabs[pin] as ArrayBuffer, offset, bytes);
  }

  /** The reactor has filled a slab: views keep it, and a new one takes its place. */
  release(pin: number): boolean {
    if (this.slabs[pin] === undefined) return false;
    this.slabs[pin] = undefined;
    this.pins.release(pin);
    this.lend();
    return true;
  }
}
