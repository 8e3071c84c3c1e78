import type { Holdable } from './Holdable';

/**
 * The source whose `next` is running: a dynamic scope, so it exists only while a value passes
 * synchronously. Everything that emits on behalf of a source enters on the way in and restores
 * what it found on the way out, so scopes nest.
 */
let current: Holdable | undefined;

export function currentSource(): Holdable | undefined {
  return current;
}

/** Makes `source` the current one and returns what to give to {@link leaveSource}. */
export function enterSource(source: Holdable | undefined): Holdable | undefined {
  const outer = current;
  current = source;
  return outer;
}

export function leaveSource(outer: Holdable | undefined): void {
  current = outer;
}
