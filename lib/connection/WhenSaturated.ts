import type { HoldSet } from '../flow/Source';

/** What a sink does with values while it is saturated. */
export type WhenSaturated = 'hold' | 'drop' | 'close';
export const WHEN_SATURATED: readonly WhenSaturated[] = ['hold', 'drop', 'close'];

/** The writer of a value: a `sendTo`, or the connection itself. */
export interface Writer {
  /** The sources that are held because of its values. */
  holds: HoldSet | undefined;
  /** Bytes of output that may wait before its values are dropped, where it drops. */
  readonly dropAboveBytes: number;
}

/** Well above what readers that keep up have waiting in a burst. */
export const DEFAULT_DROP_ABOVE_BYTES = 1024 * 1024;
