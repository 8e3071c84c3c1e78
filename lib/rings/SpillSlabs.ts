import type { Pins } from './Pins';

const SLAB_BYTES = 1 << 18;

/**
 * Where small payloads go when the out-slab is full: pinned slabs, filled from front to back, each
 * let go when the reactor has done with its last payload.
 */
export class SpillSlabs {
  private slab: Buffer = Buffer.alloc(0);
  private pin = -1;
  private used = 0;

  constructor(private readonly pins: Pins) {}

  /** Room for a payload of so many bytes at most, which must be less than a slab. */
  reserve(bytes: number): {
    readonly bytes: Buffer;
    readonly pin: number;
    readonly offset: number;
  } {
    if (this.slab.length - this.used < bytes) {
      this.letGo();
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.pin = this.pins.pin(this.slab);
    }
    return { bytes: this.slab, pin: this.pin, offset: this.used };
  }

  /** Keeps what has been written at the offset that {@link reserve} gave. */
  commit(bytes: number): void {
    this.used += bytes;
  }

  /** The current slab takes no more; its payloads keep it. */
  private letGo(): void {
    if (this.pin >= 0) this.pins.release(this.pin);
    this.slab = Buffer.alloc(0);
    this.pin = -1;
    this.used = 0;
  }
}
