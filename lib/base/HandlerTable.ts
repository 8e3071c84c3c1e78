import { LibeventError } from '../common/LibeventError';
import { Queue } from '../flow/Queue';
import { native } from '../native';
import type { CompletionHandler } from './CompletionHandler';

const { slots, slotBits } = native.layout.memory;
const SLOT_MASK = slots - 1;
const GENERATIONS = 1 << (32 - slotBits);

/**
 * The handlers of one reactor by id. An id is a slot with a generation; the slot is free again
 * only when the reactor has said that the handler is gone, and then has the next generation. Slots
 * are reused first-in first-out, and a handler that is gone has the id 0, which submits nothing: so
 * nobody can reach a stranger, however often a slot is reused.
 */
export class HandlerTable {
  private readonly handlers: (CompletionHandler | undefined)[] = [undefined];
  private readonly ids: number[] = [0];
  private readonly freeSlots = new Queue<number>();
  private count = 0;
  /** Ids of handlers that do not keep the process alive. */
  private readonly unreferenced = new Set<number>();

  /** @param onActive - called when the first handler has come, or the last that counts has gone */
  constructor(private readonly onActive: () => void) {}

  get size(): number {
    return this.count;
  }

  /** Handlers that keep the process alive. */
  get referenced(): number {
    return this.count - this.unreferenced.size;
  }

  /** Whether a handler keeps the process alive. */
  reference(id: number, on: boolean): void {
    if (this.find(id) === undefined) return;
    if (on) this.unreferenced.delete(id);
    else this.unreferenced.add(id);
    this.onActive();
  }

  slotOf(id: number): number {
    return id & SLOT_MASK;
  }

  /**
   * Gives a handler its id.
   *
   * @throws LibeventError ENOBUFS when every slot is taken
   */
  add(handler: CompletionHandler): void {
    const slot = this.freeSlots.shift() ?? this.handlers.length;
    if (slot >= slots) {
      const detail = `a reactor has room for ${String(slots - 1)} handlers`;
      throw new LibeventError('ENOBUFS', 'add', { detail });
    }
    const id = this.ids[slot] ?? slot;
    this.handlers[slot] = handler;
    this.ids[slot] = id;
    handler.id = id;
    this.count += 1;
    if (handler.unreferenced === true) this.unreferenced.add(id);
    if (this.count === 1 || this.referenced === 1) this.onActive();
  }

  find(id: number): CompletionHandler | undefined {
    const slot = id & SLOT_MASK;
    return this.ids[slot] === id ? this.handlers[slot] : undefined;
  }

  remove(id: number): void {
    const slot = id & SLOT_MASK;
    const handler = this.handlers[slot];
    if (this.ids[slot] !== id || handler === undefined) return;
    handler.onRemoved?.();
    // It may have another id by now, as a listener that tries its next host.
    if (handler.id === id) handler.id = 0;
    this.handlers[slot] = undefined;
    this.unreferenced.delete(id);
    const generation = ((id >>> slotBits) + 1) % GENERATIONS;
    this.ids[slot] = slot | (generation << slotBits);
    this.freeSlots.push(slot);
    this.count -= 1;
    if (this.count === 0 || this.referenced === 0) this.onActive();
  }

  get all(): CompletionHandler[] {
    return this.handlers.filter((handler) => handler !== undefined);
  }

  /** Empties the table and gives what was in it. */
  clear(): CompletionHandler[] {
    const handlers = this.all;
    for (const handler of handlers) {
      handler.onRemoved?.();
      handler.id = 0;
    }
    this.handlers.length = 1;
    this.count = 0;
    this.unreferenced.clear();
    return handlers;
  }
}
