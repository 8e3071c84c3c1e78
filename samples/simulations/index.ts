import type { SimulatedSystem } from 'rxjs-libevent/testing';
import { answers } from './answers';
import { questions } from './questions';
import { relayed } from './relayed';
import { room } from './room';
import { upgrades } from './upgrades';

/** Systems of the samples' pipelines, for `simulate`. */
export const systems: Readonly<Record<string, SimulatedSystem>> = {
  ...{ answers, questions, relayed, room, upgrades },
};
