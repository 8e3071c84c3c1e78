/**
 * What is to be reached, as ratios within one run: the median over the rounds of `metric` of `peer`,
 * divided by that of `against` in the same round. A goal without `against` is the figure itself.
 * CPU is the server's, for each message.
 */
const goal =
  (metric) =>
  (scenario, against, bounds, peer = 'rxjs-libevent') => ({
    scenario,
    metric,
    against,
    peer,
    ...bounds,
  });
const cpu = goal('cpuUs');
const p50 = goal('p50Us');
const p99 = goal('p99Us');
const throughput = goal('messagesPerSecond');
const bytes = goal('bytesPerConnection');

export const goals = [
  ...['latency', 'latency-awake'].flatMap((scenario) => [
    cpu(scenario, 'net-plain', { atMost: 1 }),
    p50(scenario, 'net-plain', { atMost: 1 }),
    p99(scenario, 'net-plain', { atMost: 1.1 }),
  ]),
  cpu('lines-50x1', 'net-plain', { atMost: 0.72 }),
  cpu('lines-50x1', 'bun', { atMost: 1 }),
  cpu('lines-50x16', 'net-rxjs-corked', { atMost: 0.62 }),
  cpu('lines-50x16', 'libevent', { atMost: 0.95 }),
  throughput('lines-50x16', 'net-rxjs-corked', { atLeast: 1.5 }),
  cpu('lines-50x128', 'net-rxjs-corked', { atMost: 0.65 }),
  cpu('lines-50x128', 'libevent', { atMost: 1.1 }),
  cpu('lines-50x16', 'rxjs-libevent', { atMost: 1.1 }, 'sample'),
  cpu('lines-50x16', 'rxjs-libevent', { atMost: 1.3 }, 'rxjs-libevent-strings'),
  cpu('echo-16K', 'net-plain', { atMost: 0.5 }),
  cpu('echo-64K', 'net-plain', { atMost: 0.95 }),
  p99('mixed', 'rxjs-libevent-0', { atMost: 1.2 }),
  p99('mixed', 'rxjs-libevent-1', { atMost: 1.2 }),
  cpu('first-answer', 'net-plain', { atMost: 1 }),
  cpu('fanout', 'net-plain', { atMost: 0.75 }),
  bytes('idle', undefined, { atMost: 3000 }),
  bytes('idle', 'net-rxjs-idiomatic', { atMost: 0.4 }),
  ...['lines-50x1', 'lines-50x16', 'echo-16K', 'echo-64K', 'full', 'resumed'].map((name) =>
    cpu(`tls-${name}`, 'net-plain', { atMost: 0.8 }),
  ),
  bytes('tls-idle', 'net-plain', { atMost: 0.5 }),
  ...['addNs', 'cancelNs', 'fireNs'].map((metric) =>
    goal(metric)('timers', 'net-rxjs-idiomatic', { atMost: 1 }),
  ),
];
