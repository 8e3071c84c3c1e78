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
    const { difference, isLate } = await run(world, program);
    if (isLate) counts.add(program, 'late');
    if (difference === undefined) continue;
    const outcome = difference.isTie ? 'ties' : 'found';
    counts.add(program, outcome);
    if (outcome === 'found') found = program;
    if (survey) console.log(`${at} ${program.kind} ${outcome}, ${lineOf(difference)}`);
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
    this.#kinds[kind] ??= { programs: 0, ties: 0, late: 0, found: 0 };
    this.#kinds[kind][outcome] += 1;
  }

  get text() {
    const each = Object.entries(this.#kinds).map(([kind, { programs, ties, late, found }]) => {
      return `${kind} ${programs} (${ties} ties, ${late} late, ${found} found)`;
    });
    return each.join(', ');
  }
}

/**
 * What differs after the first step that leaves something else behind; nothing if none does. Sockets that do
 * not agree are given time: they may come to rest late.
 */
async function run(world, program) {
  const virtual = runVirtual(world, program);
  const isExpected = (step, state) => compareStep(virtual[step], state)?.isTie ?? true;
  const { states, isLate } = await runSockets(world, program, isExpected);
  return { difference: compare(virtual, states), isLate };
}

function compare(virtual, sockets) {
  for (const [step, here] of virtual.entries()) {
    const difference = compareStep(here, sockets[step]);
    if (difference !== undefined) return { step, ...difference };
  }
  return undefined;
}

function compareStep(here, there) {
  const names = Object.keys(here).filter((name) => !isDeepStrictEqual(here[name], there[name]));
  if (names.length === 0) return undefined;
  const isTie = names.every((name) => {
    if (name === 'peers') return sameButForNode(here[name], there[name]);
    if (name === 'seen') return here[name] === 'rst' && there[name] === 'fin';
    return sameButForOrder(here[name], there[name]);
  });
  return { names, here, there, isTie };
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

/** In which order one step's news of two connections, or of both directions of one, come is a tie. */
function sameButForOrder(one, other) {
  if (!Array.isArray(one) || !one.every((item) => typeof item === 'string')) return false;
  return isDeepStrictEqual([...one].sort(), [...other].sort());
}

function lineOf({ step, names, here, there }) {
  const parts = names.map(
    (name) =>
      `${name}: virtual ${JSON.stringify(here[name])}, sockets ${JSON.stringify(there[name])}`,
  );
  return `at step ${step}: ${parts.join('; ')}`;
}

async function show(world, program) {
  const fails = async (smaller) => {
    const { difference } = await run(world, smaller).catch(() => ({}));
    return difference !== undefined && !difference.isTie;
  };
  const until = performance.now() + SHRINK_MS;
  const smallest = (await fails(program)) ? await shrink(program, fails, until) : program;
  const { difference } = await run(world, smallest);
  console.log(`fuzz: seed ${program.seed}, ${program.kind}, ${JSON.stringify(smallest.config)}`);
  for (const step of smallest.steps) console.log(`  ${JSON.stringify(step)}`);
  console.log(
    difference === undefined ? 'fuzz: does not differ again' : `fuzz: ${lineOf(difference)}`,
  );
}
