/** One measurement: one peer, started anew, in one scenario. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { binFolder, identityFile } from './paths.mjs';
import { Child, withResolvers } from './processes.mjs';
import {
  cpuShares,
  fileLimit,
  machineCpuSeconds,
  processCpuSeconds,
  readThreads,
  residentBytes,
} from './system.mjs';

const GENERATOR_SLACK_MS = 60_000;
/** Files that a server needs beside its connections. */
const RESERVED_FILES = 300;

const kinds = { load: measureLoad, relay: measureLoad, idle: measureIdle, timers: measureTimers };

/** Whether the peer has a program for the scenario, and what that needs. */
export function canMeasure(scenario, peer) {
  if (peer.needs !== undefined && !existsSync(peer.needs)) return false;
  if (scenario.nodeOnly && !peer.node) return false;
  if (scenario.tls && !peer.tls) return false;
  if (scenario.kind === 'timers') return peer.timers !== undefined;
  return peer.server !== undefined && (peer.modes ?? [scenario.mode]).includes(scenario.mode);
}

/** Measures, and refuses a result that is not finite. */
export async function measure(scenario, peer, timing) {
  const result = await kinds[scenario.kind](scenario, peer, timing);
  for (const [name, value] of Object.entries(result.figures)) {
    if (!Number.isFinite(value)) throw new Error(`${name} is not finite: ${value}`);
  }
  return result;
}

async function startServer(scenario, peer, more = []) {
  const command = [
    ...peer.server,
    '--mode',
    scenario.mode,
    '--port',
    '0',
    ...(scenario.server ?? []),
    ...(scenario.tls ? ['--tls', identityFile] : []),
    ...more,
  ];
  const server = new Child(`peer ${peer.name}`, onCores(scenario.serverCores, command));
  const { port } = await server.json();
  if (!Number.isInteger(port) || port < 1) throw new Error(`peer ${peer.name} announced no port`);
  return { server, port };
}

function startGenerator(options, onPhase) {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Child('generator', [join(binFolder, 'load'), ...flags], onPhase);
}

/** For the generator. */
function tlsOf({ tls }) {
  return tls === undefined ? {} : { tls };
}

/** Pins a command to the first `count` cores, if there is a count. */
function onCores(count, command) {
  return count === undefined ? command : ['taskset', '-c', `0-${count - 1}`, ...command];
}

/** Work for every core that displaces nobody, so that none of them sleeps. */
function keepCoresAwake() {
  const spin = ['chrt', '--idle', '0', process.execPath, '-e', 'for (;;);'];
  return Array.from({ length: availableParallelism() }, () => new Child('spinner', spin));
}

/** Waits for the generator; when it fails because the peer died, says that instead. */
async function resultOf(generator, server, limitMs) {
  try {
    return await generator.json(limitMs);
  } catch (error) {
    await Promise.race([server.ended, new Promise((resolve) => setTimeout(resolve, 300))]);
    if (server.died) await server.line();
    throw error;
  }
}

async function measureLoad(scenario, peer, timing) {
  const seconds = scenario.seconds
    ? Math.max(scenario.seconds * timing.scale, 0.5)
    : timing.seconds;
  const warmup = scenario.warmup ? Math.max(scenario.warmup * timing.scale, 0.3) : timing.warmup;
  const readings = {};
  let server;
  let memory;
  const upstream = withResolvers();
  const options = { ...scenario.load, ...tlsOf(scenario), warmup, seconds };
  const onPhase = (line) => {
    const [phase, value] = line.split(' ');
    if (phase === 'upstream') upstream.resolve(value);
    if (phase !== 'begin' && phase !== 'end') return phase === 'upstream';
    try {
      readings[phase] = {
        ...readThreads(server.pid),
        machine: machineCpuSeconds(),
        generator: processCpuSeconds(generator.pid),
      };
      if (phase === 'end') memory = residentBytes(server.pid);
    } catch {
      // The peer has died; waiting for the result says so.
    }
    return true;
  };
  let generator;
  const spinners = scenario.awake ? keepCoresAwake() : [];
  try {
    if (scenario.kind === 'relay') {
      generator = startGenerator(options, onPhase);
      const upstreamPort = await Promise.race([upstream.promise, generator.untilEnd()]);
      const started = await startServer(scenario, peer, ['--upstream-port', upstreamPort]);
      server = started.server;
      generator.tell(started.port);
    } else {
      const started = await startServer(scenario, peer);
      server = started.server;
      generator = startGenerator({ ...options, port: started.port }, onPhase);
    }
    const limitMs = (warmup + seconds) * 1000 + GENERATOR_SLACK_MS;
    const result = await resultOf(generator, server, limitMs);
    if (server.died) await server.line();
    return loadResult(peer, server, result, readings, memory);
  } finally {
    await Promise.all([generator, server, ...spinners].map((child) => child?.stop()));
  }
}

function loadResult(peer, server, result, readings, memory) {
  if (!readings.begin || !readings.end) throw new Error('no CPU time was read in the timed window');
  const shares = cpuShares(server.pid, readings.begin, readings.end);
  const figures = {
    messagesPerSecond: result.messagesPerSecond,
    megabytesPerSecond: result.bytesPerSecond / 1e6,
    p50Us: result.latencyUs.p50,
    p99Us: result.latencyUs.p99,
    p999Us: result.latencyUs.p999,
    cpuUs: (shares.all / result.messagesPerSecond) * 1e6,
    rssMb: memory / 1e6,
    generatorCpu: result.generatorCpu,
    othersCpu: othersShare(readings.begin, readings.end, shares.all),
  };
  if (peer.node) figures.jsUs = (shares.main / result.messagesPerSecond) * 1e6;
  return { figures, threads: shares.threads, buckets: result.latencyUs.buckets };
}

/** Cores that neither the server nor the generator took: other work on this machine, or its host. */
function othersShare(begin, end, server) {
  const seconds = end.seconds - begin.seconds;
  const all = (end.machine - begin.machine) / seconds;
  const generator = (end.generator - begin.generator) / seconds;
  return Math.max(0, all - generator - server);
}

async function readMemory(peer, server) {
  if (!peer.node) return { rss: residentBytes(server.pid), heapUsed: 0 };
  server.tell('memory');
  const { heapUsed } = await server.json();
  return { rss: residentBytes(server.pid), heapUsed };
}

/** Holds connections until `release` is called; resolves once all are held. */
async function hold(scenario, connections, port) {
  const held = withResolvers();
  const options = { scenario: 'idle', connections, port, sources: 16, ...tlsOf(scenario) };
  const generator = startGenerator(options, (line) => {
    const isHeld = line.startsWith('held ');
    if (isHeld) held.resolve();
    return isHeld;
  });
  await Promise.race([held.promise, generator.untilEnd()]);
  return generator;
}

/** From a few to many: what one more connection costs. So what is there once only does not count. */
async function measureIdle(scenario, peer) {
  const many = Math.min(scenario.many, fileLimit() - RESERVED_FILES);
  const { server, port } = await startServer(scenario, peer);
  const generators = [];
  try {
    generators.push(await hold(scenario, scenario.few, port));
    const before = await readMemory(peer, server);
    generators.push(await hold(scenario, many - scenario.few, port));
    const after = await readMemory(peer, server);
    for (const generator of generators) {
      generator.process.stdin.end();
      await resultOf(generator, server, GENERATOR_SLACK_MS);
    }
    const added = many - scenario.few;
    const figures = {
      connections: many,
      bytesPerConnection: (after.rss - before.rss) / added,
      rssMb: after.rss / 1e6,
    };
    if (peer.node) {
      figures.heapBytesPerConnection = (after.heapUsed - before.heapUsed) / added;
      figures.nativeBytesPerConnection =
        figures.bytesPerConnection - figures.heapBytesPerConnection;
    }
    return { figures };
  } finally {
    await Promise.all([...generators, server].map((child) => child.stop()));
  }
}

async function measureTimers(scenario, peer) {
  const child = new Child(`peer ${peer.name}`, [...peer.timers, '--count', String(scenario.count)]);
  try {
    const { addNs, cancelNs, fireNs, errorUs } = await child.json(GENERATOR_SLACK_MS);
    const figures = { addNs, cancelNs, fireNs, errorP50Us: errorUs.p50, errorP99Us: errorUs.p99 };
    return { figures };
  } finally {
    await child.stop();
  }
}
