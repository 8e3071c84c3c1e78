/**
 * Items of one kind, for an owner that nearly always has one or none: that one takes no memory of
 * its own, and with many of them adding and removing stay in constant time.
 */
export type Few<T extends object> = T | Set<T> | undefined;

export function withItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === undefined || few === item) return item;
  if (few instanceof Set) return few.add(item);
  return new Set([few, item]);
}

export function withoutItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === item) return undefined;
  if (few instanceof Set) few.delete(item);
  return few;
}

/** In the order in which they came. */
export function each<T extends object>(few: Few<T>, visit: (item: T) => void): void {
  if (few instanceof Set) for (const item of few) visit(item);
  else if (few !== undefined) visit(few);
}
