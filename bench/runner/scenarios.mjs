/**
 * What is measured. `mode` is the peer's; `load` is the generator's command line; `warmup` and `seconds`
 * replace those of the run where a scenario needs longer. `quick` ones make up `--quick`. `tls`: how the
 * generator's handshakes are, full or resumed.
 */
const GENERATOR_THREADS = 2;

const load = (scenario, options) => ({ scenario, threads: GENERATOR_THREADS, ...options });

function lines(connections, inFlight, more = {}) {
  return {
    name: `lines-${connections}x${inFlight}`,
    title: `rot13 lines of 64 bytes, ${connections.toLocaleString('en')} connections × ${inFlight} in flight`,
    kind: 'load',
    mode: 'rot13',
    load: load('lines', { connections, 'in-flight': inFlight, bytes: 64, sources: 16 }),
    ...more,
  };
}

function echo(label, bytes, connections, inFlight, more = {}) {
  return {
    name: `echo-${label}`,
    title: `echo of ${label.replace(/(\d+)/, '$1 ')}iB chunks, ${connections} connections × ${inFlight} in flight`,
    kind: 'load',
    mode: 'echo',
    load: load('echo', { connections, 'in-flight': inFlight, bytes }),
    ...more,
  };
}

const slow = { warmup: 2, seconds: 3 };

/** The same, secured by TLS 1.3, beside `node:tls`. */
function secured(scenario) {
  const { name, title } = scenario;
  return {
    ...scenario,
    name: `tls-${name}`,
    title: `${title}, over TLS`,
    tls: 'full',
    quick: false,
  };
}

function handshakes(tls) {
  return {
    name: `tls-${tls}`,
    title: `from SYN to the first answer, over TLS, each handshake ${tls}, 8 at a time`,
    kind: 'load',
    mode: 'rot13',
    tls,
    load: load('answer', { connections: 8, bytes: 64, sources: 200 }),
  };
}

export const scenarios = [
  lines(50, 1, { quick: true }),
  lines(50, 1, {
    name: 'mixed',
    title:
      'rot13 lines, 50 connections × 1 in flight, beside JavaScript that computes for 5 ms of each 20',
    server: ['--compute'],
    nodeOnly: true,
  }),
  lines(50, 16, { quick: true }),
  lines(50, 128, { quick: true }),
  lines(100, 16),
  lines(1000, 1),
  lines(1000, 16),
  lines(1000, 128),
  lines(10_000, 1, slow),
  lines(10_000, 16, slow),
  lines(10_000, 128, slow),
  {
    name: 'latency',
    title: 'one connection, one line of 64 bytes in flight',
    kind: 'load',
    mode: 'rot13',
    load: load('lines', { connections: 1, 'in-flight': 1, bytes: 64 }),
    quick: true,
  },
  {
    name: 'latency-awake',
    title: 'the same, with cores that never sleep',
    kind: 'load',
    mode: 'rot13',
    load: load('lines', { connections: 1, 'in-flight': 1, bytes: 64 }),
    awake: true,
  },
  echo('1K', 1024, 50, 2),
  echo('16K', 16_384, 50, 2),
  echo('64K', 65_536, 50, 2, { quick: true }),
  echo('1M', 1_048_576, 10, 1),
  {
    name: 'relay',
    title: 'relay of 16 KiB chunks, 50 connections × 2 in flight, one way',
    kind: 'relay',
    mode: 'relay',
    load: load('relay', { connections: 50, 'in-flight': 2, bytes: 16_384 }),
  },
  {
    name: 'fanout',
    title: 'fan-out of one 64-byte message to 1,000 connections',
    kind: 'load',
    mode: 'fanout',
    load: load('fanout', { connections: 1000, 'in-flight': 1, bytes: 64, sources: 16 }),
    quick: true,
  },
  {
    name: 'accept',
    title: 'accept and close, 50 connecting at a time',
    kind: 'load',
    mode: 'accept',
    load: load('accept', { connections: 50, sources: 200, threads: 3 }),
  },
  {
    name: 'first-answer',
    title: 'from SYN to the first answer, one connection after the other',
    kind: 'load',
    mode: 'rot13',
    load: load('answer', { connections: 1, bytes: 64, sources: 200 }),
  },
  {
    name: 'idle',
    title: 'memory of idle connections',
    kind: 'idle',
    mode: 'idle',
    few: 1000,
    many: 20_000,
  },
  secured(lines(50, 1)),
  secured(lines(50, 16)),
  secured(echo('16K', 16_384, 50, 2)),
  secured(echo('64K', 65_536, 50, 2)),
  handshakes('full'),
  handshakes('resumed'),
  {
    name: 'tls-idle',
    title: 'memory of idle connections, over TLS',
    kind: 'idle',
    mode: 'idle',
    tls: 'full',
    few: 1000,
    many: 6000,
  },
  {
    name: 'timers',
    title: 'timers: add, cancel, fire',
    kind: 'timers',
    count: 100_000,
  },
];
