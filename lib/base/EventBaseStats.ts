import type { NativeStat } from '../native';

/** Counters since the base was made, summed over its reactors. */
export type EventBaseStats = Readonly<Record<NativeStat | 'drains' | 'wakes', number>>;
