import type { Release } from './Release';

/** The part of a source that sinks and operators see while one of its values passes. */
export interface Holdable {
  /** True while somebody holds the source. */
  readonly held: boolean;
  /** Holds the source until the returned function is called. */
  hold(cause: unknown): Release;
  /**
   * Leaves the rest of an operator's work for the resume. It runs before anything new is emitted,
   * in stream order, with this source as the current one.
   *
   * @returns takes the work back
   */
  postpone(work: () => void): () => void;
  /**
   * The way back for bytes of the value that is being emitted, if the source has one: gives a
   * function that returns unused bytes to the front of the source, or undefined if `value` is not
   * what the source emitted (an operator has changed it).
   */
  giveBackOf?(value: unknown): ((rest: Uint8Array) => void) | undefined;
}
