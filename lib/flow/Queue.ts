/** First in, first out, in constant time on the average (`Array.shift` may move the whole rest). */
export class Queue<T> {
  private items: (T | undefined)[] = [];
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.first === this.items.length) return undefined;
    const item = this.items[this.first];
    this.items[this.first] = undefined;
    this.first += 1;
    if (this.first * 2 >= this.items.length) {
      this.items.splice(0, this.first);
      this.first = 0;
    }
    return item;
  }

  /** Empties the queue and gives what was in it, oldest first. */
  clear(): T[] {
    const rest = this.items.slice(this.first) as T[];
    this.items = [];
    this.first = 0;
    return rest;
  }
}
