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
/** How often a program has to differ. Once may be a socket that has come to rest late. */
const RUNS = 3;
/** Of a peer's end, what depends on who sees it first. */
const SEEN_FIRST = /^(hangup|error read)/;
/** Of how a connection has failed, the same. */
const SEEN_BY = /(?<=ECONNRESET) (read|write)/g;
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
  const counts = new Counts();
  let found;
  let at = seed;
  const goesOn = () => (programs === undefined ? performance.now() < end : at - seed < programs);
  for (; goesOn() && (survey || found === undefined); at += 1) {
    const program = draw(at, names);
    counts.add(program, 'programs');
    const difference = await lastingDifferenceOf(world, program);
    if (difference === undefined) continue;
    const { outcome } = difference;
    counts.add(program, outcome);
    if (outcome === 'found') found = { program, difference };
    if (survey && outcome !== 'ties') {
      console.log(`${at} ${program.kind} ${outcome} ${lineOf(difference)}`);
    }
  }
  console.log(`fuzz: seeds ${seed} to ${at - 1} over both transports: ${counts.text}`);
  if (found === undefined) console.log('fuzz: no difference');
  else if (!survey) await show(world, found);
  return found !== undefined;
}

/** Of programs, by their kinds. */
class Counts {
  #kinds = {};

  add({ kind }, outcome) {
    this.#kinds[kind] ??= { programs: 0, ties: 0, once: 0, found: 0 };
    this.#kinds[kind][outcome] += 1;
  }

  get text() {
    const each = Object.entries(this.#kinds).map(([kind, { programs, ties, once, found }]) => {
      return `${kind} ${programs} (${ties} ties, ${once} once, ${found} found)`;
    });
    return each.join(', ');
  }
}

/** What differs in each of several runs; with what has come of that: `ties`, `once` or `found`. */
async function lastingDifferenceOf(world, program) {
  let difference;
  for (let run = 0; run < RUNS; run += 1) {
    const again = await differenceOf(world, program);
    if (again === undefined || again.isTie) {
      const outcome = difference === undefined ? 'ties' : 'once';
      return (difference ?? again) && { ...(difference ?? again), outcome };
    }
    difference = again;
  }
  return { ...difference, outcome: 'found' };
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
    const others = list.filter((item) => !SEEN_FIRST.test(item));
    return [...new Set(others.map((item) => item.replace(SEEN_BY, '')))].sort();
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
