/**
 * What is to be reached, as ratios within one run: the median over the rounds of `metric` of `peer`,
 * divided by that of `against` in the same round. A goal without `against` is the figure itself; one with
 * `againstScenario` divides by the same peer in another scenario.
 */
export const goals = [
  ...goal('lines, 50 × 16 in flight, 1 thread', 'lines-50x16', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-rxjs-idiomatic', atLeast: 10 },
    { peer: 'rxjs-libevent', against: 'net-rxjs-corked', atLeast: 1.7 },
    { peer: 'rxjs-libevent', against: 'libevent', atLeast: 1 },
  ]),
  ...goal('lines, 50 × 16 in flight, 2 threads', 'lines-50x16', 'messagesPerSecond', [
    { peer: 'rxjs-libevent-2', against: 'net-rxjs-corked', atLeast: 2.5 },
    { peer: 'rxjs-libevent-2', against: 'libevent', atLeast: 1.5 },
  ]),
  ...goal('lines, 50 × 128 in flight, 1 thread', 'lines-50x128', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-rxjs-corked', atLeast: 1.2 },
    { peer: 'rxjs-libevent', against: 'libevent', atLeast: 0.8 },
  ]),
  ...goal('lines, 50 × 1 in flight', 'lines-50x1', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-plain', atLeast: 1 },
    { peer: 'rxjs-libevent-2', against: 'net-plain', atLeast: 1.5 },
  ]),
  ...goal('one connection, one in flight, p50', 'latency', 'p50Us', [
    { peer: 'rxjs-libevent', against: 'net-plain', atMost: 1.1 },
  ]),
  ...goal('one connection, one in flight, p99', 'latency', 'p99Us', [
    { peer: 'rxjs-libevent', against: 'net-plain', atMost: 1.3 },
  ]),
  ...goal('echo of 16 KiB chunks', 'echo-16K', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-plain', atLeast: 1 },
    { peer: 'rxjs-libevent-2', against: 'net-plain', atLeast: 1.5 },
  ]),
  ...goal('echo of 64 KiB chunks', 'echo-64K', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-plain', atLeast: 1 },
    { peer: 'rxjs-libevent-2', against: 'net-plain', atLeast: 1.5 },
  ]),
  ...goal('10,000 connections against 100', 'lines-10000x16', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', againstScenario: 'lines-100x16', atLeast: 0.8 },
    { peer: 'rxjs-libevent-2', againstScenario: 'lines-100x16', atLeast: 0.8 },
  ]),
  ...goal('fan-out, 1 to 1,000', 'fanout', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-plain', atLeast: 2 },
    { peer: 'rxjs-libevent-2', against: 'net-plain', atLeast: 2 },
  ]),
  ...goal('idle connection, bytes', 'idle', 'bytesPerConnection', [
    { peer: 'rxjs-libevent', against: 'net-plain', atMost: 0.5 },
  ]),
  ...goal('accept and close', 'accept', 'messagesPerSecond', [
    { peer: 'rxjs-libevent', against: 'net-plain', atLeast: 1 },
  ]),
  ...goal('JS thread, µs per line, 50 × 16 in flight', 'lines-50x16', 'jsUs', [
    { peer: 'rxjs-libevent', atMost: 0.4 },
  ]),
];

function goal(title, scenario, metric, rows) {
  return rows.map((row) => ({ title, scenario, metric, ...row }));
}
