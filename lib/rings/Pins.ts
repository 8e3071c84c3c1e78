import { native, type NativeReactor } from '../native';
import { LibeventError } from '../common/LibeventError';

/** Buffers that the reactor may touch, by index: in-slabs and large writes. */
export class Pins {
  private readonly views: (Uint8Array | undefined)[] = [];
  private readonly uses: number[] = [];
  private readonly free: number[] = [];

  constructor(private readonly reactor: NativeReactor) {}

  /**
   * Pins a buffer for one use.
   *
   * @throws LibeventError ENOBUFS when as many buffers are pinned as can be
   */
  pin(view: Uint8Array): number {
    const index = this.free.pop() ?? this.views.length;
    if (index >= native.layout.pins) {
      throw new LibeventError('ENOBUFS', 'pin', {
        detail: `at most ${String(native.layout.pins)} buffers can be under way`,
      });
    }
    this.views[index] = view;
    this.uses[index] = 1;
    this.reactor.pin(index, view);
    return index;
  }

  /** One more use of a pinned buffer. */
  use(index: number): void {
    this.uses[index] = (this.uses[index] as number) + 1;
  }

  /** One use less. The buffer is let go with its last. */
  release(index: number): void {
    if (this.views[index] === undefined) return;
    const uses = (this.uses[index] as number) - 1;
    this.uses[index] = uses;
    if (uses > 0) return;
    this.views[index] = undefined;
    this.free.push(index);
    this.reactor.unpin(index);
  }
}
