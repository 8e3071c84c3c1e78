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

const HANDLERS = ['echo', 'held', 'lines', 'first', 'merged', 'broken'];

/** The kinds of programs: each draws a config, and adds its steps. */
export const kinds = { plain, served, accepted, connected, paired };

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

/** Where a server may listen. */
export function addressOf(site) {
  return `127.0.0.${11 + site}`;
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

/** What one end of libevent's pair does to itself the other sees at once, so only its end in order is drawn. */
const NOT_OF_PAIRS = ['rst', 'sendRst', 'closeFully', 'close', 'destroy', 'reset', 'error'];

/** Two ends of this library, of a socket or of libevent's pair. */
function paired(random, add) {
  const over = random.chance(0.6) ? 'sockets' : 'pair';
  const addDrawn = (name, ...args) => {
    if (over === 'sockets' || !NOT_OF_PAIRS.includes(name)) add(name, ...args);
  };
  const { read, ...config } = plain(random, addDrawn);
  // There is no system between libevent's two that would take what the other end has no room for.
  return { ...config, ...(over === 'sockets' && read && { read }), over };
}

/** A connection that `serve` serves, with held stages that end on command. */
function served(random, add) {
  const all = [...peerSteps(random), ...ownSteps(random), [4, () => ['open']], [1, () => ['end']]];
  const handler = random.pick(HANDLERS);
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

/** A client of servers that come and go, whose connections are its values, or a session's. */
function connected(random, add) {
  const host = random.chance(0.6) ? 'host.test' : undefined;
  const sites = [0, 1, 2].slice(0, host ? random.integer(1, 3) : 1).map(() => site(random));
  const place = () => random.integer(0, sites.length - 1);
  const handler = () => (random.chance(0.5) ? random.pick(HANDLERS) : undefined);
  const more = () => random.pick(['nothing', 'retry', 'retryLater', 'repeatLater']);
  const all = [
    [3, () => ['connect', handler(), more()]],
    [host ? 0.4 : 0, () => ['connectBriefly', handler(), more()]],
    [1.5, () => ['disconnect']],
    [0.5, () => ['abort']],
    [3, () => ['again']],
    [host ? 1 : 0, () => ['names', random.pick(['known', 'known', 'unknown'])]],
    [2, () => ['site', place(), random.pick(['up', 'up', 'down'])]],
    [7, () => ['peer', random.integer(0, 2), ...random.weighted(peerSteps(random))()]],
    [4, () => random.weighted(ownSteps(random))()],
    [2, () => ['subscribe', random.pick(['bytes', 'lines', 'lengthPrefixed'])]],
    [1, () => ['echo']],
    [1.5, () => ['open']],
    [0.4, () => ['end']],
  ];
  if (random.chance(0.8)) add('site', place(), 'up');
  add('connect', handler(), more());
  repeat(random, add, all);
  const greets = random.chance(0.8)
    ? undefined
    : random.pick([['fin'], ['send', random.pick(WORDS)]]);
  return { ...connectionConfig(random), ...(host && { host }), ...(greets && { greets }), sites };
}

/** Silent: attempts have no answer, for good. */
function site(random) {
  return random.chance(0.1) ? 'silent' : 'down';
}

function repeat(random, add, all) {
  for (let left = random.integer(3, 14); left > 0; left -= 1) {
    const step = random.weighted(all)();
    add(...step);
    // Nobody can connect to what is closed, and everything has ended.
    if (step[0] === 'closeBase') return;
  }
}
