import { native, type NativeReactor } from '../native';
import { LibeventError } from '../common/LibeventError';

/** Buffers that the reactor may touch, by index: in-slabs and large writes. */
export class Pins {
  private readonly views: (Uint8Array | undefined)[] = [];
  private readonly free: number[] = [];

  constructor(private readonly reactor: NativeReactor) {}

  /**
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
    this.reactor.pin(index, view);
    return index;
  }

  get(index: number): Uint8Array | undefined {
    return this.views[index];
  }

  unpin(index: number): void {
    if (this.views[index] === undefined) return;
    this.views[index] = undefined;
    this.free.push(index);
    this.reactor.unpin(index);
  }
}
