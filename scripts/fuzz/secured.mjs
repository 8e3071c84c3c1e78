import { Random } from './Random.mjs';

/** And how they may be secured from the start, beside `startTls`. */
const KINDS = { tcp: 'secured', unix: 'secured', pair: 'plain' };

/**
 * The same steps, with some connections secured from the start and others in the middle. It draws by
 * itself, so that a seed stands for the same program without TLS.
 *
 * @param how 'drawn', 'always' or 'never'
 */
export function secured(steps, seed, how) {
  if (how === 'never') return steps;
  const random = new Random(seed ^ 0x715);
  const drawn = steps.map(([name, ...args]) => [name, ...args]);
  for (const step of steps.filter(([name]) => name in KINDS)) {
    const at = drawn.findIndex(([name, id]) => name === step[0] && id === step[1]);
    const kind = random.weighted([
      [how === 'always' ? 0 : 6, 'plain'],
      [3, KINDS[step[0]]],
      [2, 'upgraded'],
    ]);
    if (kind === 'secured')
      for (const options of [4, 5]) drawn[at][options] = withTls(drawn[at][options]);
    if (kind === 'upgraded') {
      drawn.splice(random.integer(at + 1, drawn.length), 0, ['startTls', step[1]]);
    }
  }
  return drawn;
}

function withTls(options) {
  return { ...options, tls: true };
}
