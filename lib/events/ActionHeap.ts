/** What stands in an {@link ActionHeap}. */
export interface HeapEntry {
  /** When it is due. */
  dueMs: number;
  /** Decides between entries that are due at the same time: less comes first. */
  order: number;
  /** Where it stands, −1 when it stands nowhere. The heap's own. */
  index: number;
}

/** A binary heap of entries by due time, then by order. Entries know their places. */
export class ActionHeap<T extends HeapEntry> {
  private readonly entries: T[] = [];

  get first(): T | undefined {
    return this.entries[0];
  }

  get size(): number {
    return this.entries.length;
  }

  add(entry: T): void {
    entry.index = this.entries.length;
    this.entries.push(entry);
    this.rise(entry);
  }

  remove(entry: T): void {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    const last = this.entries.pop() as T;
    if (last === entry) return;
    this.put(last, index);
    this.rise(last);
    this.sink(last);
  }

  private rise(entry: T): void {
    while (entry.index > 0) {
      const parent = this.entries[(entry.index - 1) >> 1] as T;
      if (!before(entry, parent)) return;
      const { index } = entry;
      this.put(entry, parent.index);
      this.put(parent, index);
    }
  }

  private sink(entry: T): void {
    for (;;) {
      const left = this.entries[entry.index * 2 + 1];
      const right = this.entries[entry.index * 2 + 2];
      const least = right !== undefined && before(right, left as T) ? right : left;
      if (least === undefined || !before(least, entry)) return;
      const { index } = entry;
      this.put(entry, least.index);
      this.put(least, index);
    }
  }

  private put(entry: T, index: number): void {
    this.entries[index] = entry;
    entry.index = index;
  }
}

function before(one: HeapEntry, other: HeapEntry): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
