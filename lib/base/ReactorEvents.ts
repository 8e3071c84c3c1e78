import type { LibeventError } from '../common/LibeventError';
import type { BaseOwner } from './baseOwners';

/** What happened to the whole reactor. */
export interface ReactorEvents {
  /** @param run - the number that was given with the call of `Reactor.loop` */
  looped(end: number, run: number): void;
  /** The first handler has come, or the last has gone. */
  active(): void;
  /** The other thread turns the base now. Reported while somebody subscribes to `baseOwners`. */
  handedOver(owner: BaseOwner, handOvers: number): void;
  stopped(error?: LibeventError): void;
}
