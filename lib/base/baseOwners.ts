import { channel } from 'node:diagnostics_channel';
import type { EventBase } from './EventBase';

/** Which thread turns a base with `threads: 'auto'`. */
export type BaseOwner = 'javascript' | 'standby';

/** A hand-over of a base with `threads: 'auto'`, on the diagnostics channel `'rxjs-libevent:base:owner'`. */
export interface BaseOwnerMessage {
  readonly base: EventBase;
  /** Who has it now. */
  readonly owner: BaseOwner;
  /** How often it has been handed over, either way; several may have come since the last message. */
  readonly handOvers: number;
}

/** While nobody subscribes to it, nothing is published. */
export const baseOwners = channel('rxjs-libevent:base:owner');

/** Publishes the hand-overs of a base. */
export function ownerReport(base: EventBase) {
  return (owner: BaseOwner, handOvers: number): void => {
    const message: BaseOwnerMessage = { base, owner, handOvers };
    baseOwners.publish(message);
  };
}
