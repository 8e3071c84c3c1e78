/** What every Node peer has in common: the command line, the announcement, and the answer to `memory`. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const COMPUTE_EVERY_MS = 20;
const COMPUTE_MS = 5;
const MODES = ['rot13', 'echo', 'relay', 'fanout', 'accept', 'idle'];

function number(name, text, least, most) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`--${name} ${text}: a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Parses the peer's command line; `idle` is the rot13 server, left alone. */
export function parsePeerOptions() {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'rot13' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      threads: { type: 'string', default: 'auto' },
      framing: { type: 'string', default: 'chunks' },
      strings: { type: 'boolean', default: false },
      compute: { type: 'boolean', default: false },
      'upstream-port': { type: 'string', default: '0' },
      tls: { type: 'string' },
    },
  });
  if (!MODES.includes(values.mode)) {
    throw new RangeError(`--mode ${values.mode}: one of ${MODES.join(', ')}`);
  }
  if (values.compute) setInterval(compute, COMPUTE_EVERY_MS);
  return {
    mode: values.mode === 'idle' ? 'rot13' : values.mode,
    host: values.host,
    port: number('port', values.port, 0, 65535),
    threads: values.threads === 'auto' ? 'auto' : number('threads', values.threads, 0, 16),
    framing: values.framing,
    strings: values.strings,
    upstreamPort: number('upstream-port', values['upstream-port'], 0, 65535),
    tls: values.tls === undefined ? undefined : identityIn(values.tls),
  };
}

/** A file with a key and its certificate, for a server. */
function identityIn(file) {
  const pem = readFileSync(file);
  return { key: pem, cert: pem };
}

/** Work beside the sockets: for 5 ms of each 20. */
function compute() {
  const end = performance.now() + COMPUTE_MS;
  while (performance.now() < end);
}

function printLine(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/**
 * Prints `{"port":N}`, then serves stdin: `memory` is answered by one line of JSON after a collection of
 * garbage (`--expose-gc`), and the end of stdin ends the peer.
 */
export function announce(port, extra = () => ({})) {
  printLine({ port });
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      if (line !== 'memory') return;
      globalThis.gc?.();
      globalThis.gc?.();
      printLine({ ...process.memoryUsage(), ...extra() });
    })
    .on('close', () => process.exit(0));
}

/** Listens with Node's own server, as the `net` peers do. */
export function listenAndAnnounce(server, { host, port }) {
  server.once('error', (error) => {
    console.error(`error ${error.message}`);
    process.exit(1);
  });
  server.listen({ host, port, backlog: 4096 }, () => announce(server.address().port));
}
