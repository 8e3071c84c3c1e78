/** When an operator queues: whatever it is given, or only while an inner of its takes time. */
export type Queues = 'always' | 'while inners work' | 'unless a size is given';

/** An operator that queues without bound. */
export interface QueueingOperator {
  readonly queues: Queues;
  /** What to write instead, in words. */
  readonly instead: string;
}

const BY_COUNT = 'Give it the most values as its third argument, or take `bufferCount`.';
const NOTIFIED = 'Take `bufferCount`, whose buffer has a size.';

/**
 * The operators of RxJS that keep what comes in a queue without bound while a connection in front of them
 * is not held. `docs/flow-control.md` has them as rows; a spec compares both and runs each of them.
 */
export const queueingOperators = new Map<string, QueueingOperator>([
  ['concatMap', { queues: 'while inners work', instead: 'Take `concatMapHeld`.' }],
  ['concatMapTo', { queues: 'while inners work', instead: 'Take `concatMapHeld`.' }],
  ['concatAll', { queues: 'while inners work', instead: 'Take `concatMapHeld`.' }],
  ['mergeMap', { queues: 'while inners work', instead: 'Take `mergeMapHeld`.' }],
  ['mergeMapTo', { queues: 'while inners work', instead: 'Take `mergeMapHeld`.' }],
  ['mergeAll', { queues: 'while inners work', instead: 'Take `mergeMapHeld`.' }],
  ['mergeScan', { queues: 'while inners work', instead: 'Take `mergeMapHeld`, and `scan`.' }],
  ['delay', { queues: 'always', instead: 'Take `mergeMapHeld` of delayed values.' }],
  ['delayWhen', { queues: 'while inners work', instead: 'Take `mergeMapHeld` of delayed values.' }],
  ['observeOn', { queues: 'always', instead: 'Take `observeOnHeld`.' }],
  ['bufferTime', { queues: 'unless a size is given', instead: BY_COUNT }],
  ['windowTime', { queues: 'unless a size is given', instead: BY_COUNT }],
  ['buffer', { queues: 'always', instead: NOTIFIED }],
  ['bufferWhen', { queues: 'always', instead: NOTIFIED }],
  ['bufferToggle', { queues: 'always', instead: NOTIFIED }],
]);
