import { Random } from '../Random.mjs';

const WORDS = [
  'a',
  'bb\n',
  'line one\nand',
  ' two\n',
  '\x00\x02hi',
  '\x00',
  '\x05abcde',
  'grüße\n',
];

/** The kinds of programs: each draws a config, and adds its steps. */
export const kinds = { plain, served, accepted };

/** The program of a seed. Between two steps everything comes to rest, so that nothing is a race. */
export function draw(seed, names) {
  const random = new Random(seed);
  const kind = random.pick(names);
  const steps = [];
  const config = kinds[kind](random, (...step) => steps.push(step));
  return { seed, kind, config, steps };
}

function marks(random) {
  const high = random.integer(1, 12);
  return { high, low: random.integer(0, high - 1) };
}

function connectionConfig(random) {
  return {
    ...(random.chance(0.5) && { allowHalfOpen: random.chance(0.7) }),
    ...(random.chance(0.4) && { read: { ...marks(random) } }),
    ...(random.chance(0.6) && { write: marks(random) }),
    ...(random.chance(0.2) && { encoding: 'latin1' }),
  };
}

/** What the peer does: one thing, or several at once. */
function peerSteps(random) {
  return [
    [8, () => ['send', random.pick(WORDS)]],
    [2, () => ['burst', random.pick(WORDS), random.pick(WORDS)]],
    [1, () => ['fin']],
    [1, () => ['sendFin', random.pick(WORDS)]],
    [0.7, () => ['rst']],
    [0.5, () => ['sendRst', random.pick(WORDS)]],
    [0.7, () => ['closeFully']],
  ];
}

function ownSteps(random) {
  return [
    [3, () => ['write', random.pick(WORDS)]],
    [1, () => ['write', 'x'.repeat(random.integer(1, 40))]],
    [2, () => ['sendTo', random.pick(WORDS)]],
    [1.5, () => ['hold']],
    [2.5, () => ['release']],
    [1, () => ['complete']],
    [0.5, () => ['close']],
    [0.4, () => ['destroy']],
    [0.4, () => ['reset']],
    [0.3, () => ['error']],
    [1, () => ['marks', random.chance(0.5) ? 'read' : 'write', marks(random)]],
  ];
}

/** A connection and its subscribers. */
function plain(random, add) {
  const all = [
    ...peerSteps(random),
    ...ownSteps(random),
    [4, () => ['subscribe', random.pick(['bytes', 'lines', 'lengthPrefixed'])]],
    [1.5, () => ['unsubscribe']],
    [1.5, () => ['echo']],
  ];
  repeat(random, add, all);
  return connectionConfig(random);
}

/** A connection that `serve` serves, with held stages that end on command. */
function served(random, add) {
  const all = [...peerSteps(random), ...ownSteps(random), [4, () => ['open']], [1, () => ['end']]];
  const handler = random.pick(['echo', 'held', 'lines', 'first', 'merged', 'broken']);
  add('serve', handler);
  repeat(random, add, all);
  return connectionConfig(random);
}

/** A listener, and peers that come and go. */
function accepted(random, add) {
  const all = [
    [5, () => ['dial']],
    [1, () => ['holdListener']],
    [1.5, () => ['releaseListener']],
    [3, () => ['peer', random.integer(0, 4), ...random.weighted(peerSteps(random))()]],
    [1, () => ['destroyAccepted', random.integer(0, 4)]],
    [0.4, () => ['stopListening']],
    [0.4, () => ['closeBase']],
  ];
  add('listen', random.pick(['echo', 'held', 'lines', 'first', 'broken']));
  repeat(random, add, all);
  return {
    ...connectionConfig(random),
    ...(random.chance(0.4) && { maxConnections: random.integer(1, 3) }),
    ...(random.chance(0.4) && { concurrency: random.integer(1, 3) }),
  };
}

function repeat(random, add, all) {
  for (let left = random.integer(3, 14); left > 0; left -= 1) {
    const step = random.weighted(all)();
    add(...step);
    // Nobody can connect to what is closed, and everything has ended.
    if (step[0] === 'closeBase') return;
  }
}
