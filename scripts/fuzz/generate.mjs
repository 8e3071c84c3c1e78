import { Draft } from './Draft.mjs';
import { Random } from './Random.mjs';
import { ends, relays } from './kinds/ends.mjs';
import { failures } from './kinds/failures.mjs';
import { leases } from './kinds/leases.mjs';
import { memory } from './kinds/memory.mjs';
import { streams } from './kinds/streams.mjs';
import { turns } from './kinds/turns.mjs';
import { secured } from './secured.mjs';

export const kinds = { streams, memory, leases, turns, failures, ends, relays };

/** The program of a seed: one of the kinds asked for, of which all are checked. */
export function generate(seed, names, { tls = 'drawn', ...fixed }) {
  const random = new Random(seed);
  const draft = new Draft(random, fixed);
  const kind = random.pick(names);
  kinds[kind](draft);
  const early = (kind === 'ends' || kind === 'relays') && random.chance(0.5);
  return { seed, kind, kinds: checked(kind), early, steps: secured(draft.steps, seed, tls) };
}

/** How connections end is looked at only where that is what the program is about. */
function checked(kind) {
  return kind === 'relays' ? ['relays', 'ends'] : [kind];
}
