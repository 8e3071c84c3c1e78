// npm run fuzz -- --marbles: random programs over the virtual transport of the marble kit and over
// sockets. Every step must leave the same behind; see docs/fuzzing.md.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { shrink } from '../shrink.mjs';
import { draw, kinds } from './draw.mjs';
import { runSockets } from './sockets.mjs';
import { runVirtual } from './virtual.mjs';

const SHRINK_MS = 30_000;
/** Of a peer's end, what depends on who sees it first. */
const SEEN_FIRST = /^(hangup|error read)/;
/** Steps in which a peer does several things in one instant. */
const COMBINED = /"(burst|sendFin|sendRst)"/;

/** @returns whether a difference was found */
export async function fuzzMarbles({ library: folder, seconds, seed, programs, only, survey }) {
  const require = createRequire(join(folder, 'package.json'));
  const world = {
    library: require(join(folder, 'dist/index.js')),
    testing: require(join(folder, 'dist/testing.js')),
    rxjs: require('rxjs'),
  };
  const names = only ?? Object.keys(kinds);
  const end = performance.now() + seconds * 1000;
  const counts = {};
  const ties = {};
  let found;
  let at = seed;
  const goesOn = () => (programs === undefined ? performance.now() < end : at - seed < programs);
  for (; goesOn() && (survey || found === undefined); at += 1) {
    const program = draw(at, names);
    counts[program.kind] = (counts[program.kind] ?? 0) + 1;
    const difference = await differenceOf(world, program);
    if (difference === undefined) continue;
    if (difference.isTie) {
      ties[program.kind] = (ties[program.kind] ?? 0) + 1;
      continue;
    }
    found = { program, difference };
    if (survey) console.log(`${at} ${program.kind} ${lineOf(difference)}`);
  }
  const drawn = Object.entries(counts).map(
    ([kind, count]) => `${kind} ${count} (${ties[kind] ?? 0} ties)`,
  );
  console.log(`fuzz: seeds ${seed} to ${at - 1} over both transports: ${drawn.join(', ')}`);
  if (found === undefined) console.log('fuzz: no difference');
  else if (!survey) await show(world, found);
  return found !== undefined;
}

/**
 * What differs after the first step that leaves something else behind; nothing if none does. What one
 * step does in one instant may come in either order, and joined or apart: that is a tie.
 */
async function differenceOf(world, program) {
  const sockets = await runSockets(world, program);
  const joined = compare(runVirtual(world, program), sockets, program);
  if (joined === undefined || joined.isTie) return joined;
  const config = { ...program.config, coalesce: false };
  const apart = compare(runVirtual(world, { ...program, config }), sockets, program);
  return { ...joined, isTie: apart === undefined || apart.isTie || apart.step > joined.step };
}

function compare(virtual, sockets, { steps }) {
  for (const [step, here] of virtual.entries()) {
    const there = sockets[step];
    const names = Object.keys(here).filter((name) => !isDeepStrictEqual(here[name], there[name]));
    if (names.length === 0) continue;
    const combined = COMBINED.test(JSON.stringify(steps[step]));
    const isTie = names.every((name) => {
      if (name === 'peers') return sameButForNode(here[name], there[name]);
      if (name === 'seen') return here[name] === 'rst' && there[name] === 'fin';
      return sameButForOrder(here[name], there[name], combined);
    });
    return { step, names, here, there, isTie };
  }
  return undefined;
}

/**
 * Node takes an RST behind bytes that it has not read for an end, and then looks no more.
 */
function sameButForNode(one, other) {
  const asNodeSees = (peer, seen) =>
    peer?.seen === 'rst' && seen === 'fin' ? { ...peer, seen } : peer;
  return isDeepStrictEqual(
    one.map((peer, index) => asNodeSees(peer, other[index]?.seen)),
    other,
  );
}

/**
 * Whether a peer's end was seen before its last bytes were read is a matter of the instant, too, and how
 * often an output was saturated by bytes that came joined or apart.
 */
function sameButForOrder(one, other, combined) {
  if (!Array.isArray(one) || !one.every((item) => typeof item === 'string')) return false;
  const sorted = (list) => {
    if (!combined) return [...list].sort();
    return [...new Set(list.filter((item) => !SEEN_FIRST.test(item)))].sort();
  };
  return isDeepStrictEqual(sorted(one), sorted(other));
}

function lineOf({ step, names, here, there }) {
  const parts = names.map(
    (name) =>
      `${name}: virtual ${JSON.stringify(here[name])}, sockets ${JSON.stringify(there[name])}`,
  );
  return `at step ${step}: ${parts.join('; ')}`;
}

async function show(world, { program }) {
  const fails = async (smaller) => {
    const difference = await differenceOf(world, smaller).catch(() => undefined);
    return difference !== undefined && !difference.isTie;
  };
  const until = performance.now() + SHRINK_MS;
  const smallest = (await fails(program)) ? await shrink(program, fails, until) : program;
  const difference = await differenceOf(world, smallest);
  console.log(`fuzz: seed ${program.seed}, ${program.kind}, ${JSON.stringify(smallest.config)}`);
  for (const step of smallest.steps) console.log(`  ${JSON.stringify(step)}`);
  console.log(
    difference === undefined ? 'fuzz: does not differ again' : `fuzz: ${lineOf(difference)}`,
  );
}
