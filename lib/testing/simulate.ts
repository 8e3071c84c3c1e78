import { checkFunction } from '../common/check';
import {
  type FaultKind,
  type SimulateConfig,
  FAULT_OPTIONS,
  simulateOptions,
} from './SimulateConfig';
import { SimulationError } from './SimulationError';
import type { SimulatedSystem } from './SimulationHelpers';
import { SimulationRun } from './SimulationRun';
import { drawRun, listFaults } from './drawRun';
import { inVirtualTime } from './inVirtualTime';
import { seedText } from './seedOf';
import { shrinkRun } from './shrinkRun';
import type { SimulateOptions } from './SimulateConfig';

const MOST_SEED = 2n ** 64n;

/** What the runs of {@link simulate} have come to, when none of them has failed. */
export interface SimulationReport {
  /** How many runs there were, one a seed. */
  readonly seeds: number;
  /** Steps of virtual time, in all. */
  readonly steps: number;
  /** Virtual time, in all. */
  readonly virtualMs: number;
  /** Connections that were made. */
  readonly connections: number;
  /** Bytes that subscribers have had. */
  readonly bytes: number;
  /** Bytes that were written and never had by a subscriber, with the reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** What the network has done, and how often. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** In how many runs was reached what `sometimes` has named. */
  readonly reached: Readonly<Record<string, number>>;
  /** Of everything that has happened: the same for the same seeds, on every machine. */
  readonly digest: string;
}

/**
 * Runs whole systems, many connections at a time, in virtual time and over a hostile network that is
 * drawn from one seed.
 *
 * "Everything that can go wrong does, and it goes wrong the same way again."
 *
 * ```
 * client #1 to server   ---a----#              the network resets it
 * client #2 to server       ------ab--|        the client comes again
 * always                                       holds after every step
 * ```
 *
 * The system is made by a function, anew for every seed: servers by `base.listen`, clients by
 * `base.connect`, on as many machines as it likes. `Connection`, `Listener`, flow control, `serve` and the
 * framing are those of the library; only the sockets and the clock are virtual. Segments of data take
 * their time and come in parts or together; directions stall, connections are reset or forgotten,
 * listeners fail, descriptors run out, machines are cut off from others. TCP's promises are kept: what
 * arrives is in order, and nothing arrives twice.
 *
 * Beside what the system states, it must hold that no byte is lost without a reason, doubled or
 * changed; that a FIN means that all has come; that everything that can go on when nothing else happens has gone on; and
 * that no session fails but by the network.
 *
 * A run that fails is repeated with less of everything, and shown as small as it gets.
 *
 * @param config - the seed, and how often what goes wrong
 * @param system - makes the system; synchronous
 * @returns counts of what has happened
 * @throws SimulationError with the seed, what the network had to do, and a diagram
 * @throws TypeError, RangeError for options of wrong type or out of bounds
 *
 * @example
 * ```ts
 * simulate({ seed: 1, seeds: 100 }, ({ base, machine, atEnd }) => {
 *   machine('server').listen({ port: 7 }).pipe(retry(), serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
 *   let answer = '';
 *   base
 *     .connect({ host: 'server', port: 7 }, (conn) =>
 *       merge(of('ask\n').pipe(sendTo(conn)), conn.pipe(lines())).pipe(take(1)),
 *     )
 *     .pipe(retry({ delay: 100 }))
 *     .subscribe((line) => (answer = line));
 *   atEnd('there is an answer', () => answer === 'ask');
 * });
 * ```
 *
 * @see {@link marbles}
 */
export function simulate(config: SimulateConfig, system: SimulatedSystem): SimulationReport {
  const options = simulateOptions(config);
  checkFunction('system', system);
  const { seed } = options;
  return inVirtualTime(
    'simulate',
    (why) => new SimulationError(why, { seed }),
    () => runSeeds(options, system),
  );
}

function runSeeds(options: SimulateOptions, system: SimulatedSystem): SimulationReport {
  const total = { steps: 0, virtualMs: 0, connections: 0, bytes: 0, digest: 0 };
  const faults = Object.fromEntries(Object.keys(FAULT_OPTIONS).map((kind) => [kind, 0])) as Record<
    FaultKind,
    number
  >;
  const reached: Record<string, number> = {};
  const dropped: Record<string, number> = {};
  let states = false;
  let hasNetwork = false;
  for (let count = 0; count < options.seeds; count += 1) {
    const seed = (options.seed + BigInt(count)) % MOST_SEED;
    const run = new SimulationRun(seed, options, system);
    const { failure, reason } = run.run();
    if (failure)
      throw new SimulationError(`simulate: ${failure.message}`, { seed, cause: failure });
    if (run.failure !== undefined) throw errorOf(run, options, system, count, reason);
    states ||= run.world.states;
    hasNetwork ||= run.world.hasNetwork;
    total.steps += run.steps;
    total.virtualMs += run.reactor.now();
    total.connections += run.joints.length;
    total.bytes += run.emittedBytes;
    total.digest = (Math.imul(total.digest, 31) + run.digest) >>> 0;
    for (const [reason, bytes] of run.dropped) dropped[reason] = (dropped[reason] ?? 0) + bytes;
    for (const { kind } of run.faults) faults[kind] += 1;
    for (const name of run.world.sought.keys()) reached[name] ??= 0;
    for (const name of new Set(run.world.reached.map(({ value }) => value ?? ''))) {
      reached[name] = (reached[name] ?? 0) + 1;
    }
  }
  if (total.steps === 0 && (hasNetwork || !states)) throw idle(options, hasNetwork);
  const missed = Object.keys(reached).filter((name) => reached[name] === 0);
  if (missed.length > 0) throw unreached(missed, options);
  const { digest, ...counts } = total;
  const hex = digest.toString(16).padStart(8, '0');
  return { seeds: options.seeds, ...counts, dropped, faults, reached, digest: hex };
}

function idle({ seed }: SimulateOptions, hasNetwork: boolean): SimulationError {
  const why = hasNetwork
    ? ': nobody has subscribed to a listener or a client of it'
    : ' and states nothing: nothing was looked at';
  return new SimulationError(`simulate: the system does nothing${why}`, { seed });
}

function unreached(missed: readonly string[], { seed, seeds }: SimulateOptions): SimulationError {
  const names = missed.map((name) => `sometimes('${name}')`).join(', ');
  const many =
    seeds === 1 ? `seed ${seedText(seed)}` : `${String(seeds)} seeds from ${seedText(seed)} on`;
  return new SimulationError(`simulate: ${names} was never reached, with ${many}`, { seed });
}

function errorOf(
  failed: SimulationRun,
  options: SimulateOptions,
  system: SimulatedSystem,
  count: number,
  reason: string | undefined,
): SimulationError {
  const { seed } = failed;
  const again = new SimulationRun(seed, options, system);
  again.run();
  const replays = again.digest === failed.digest && again.failure?.text === failed.failure?.text;
  const { run, runs } = replays ? shrinkRun(failed, options, system) : { run: failed, runs: 0 };
  const { failure } = run;
  const place =
    options.seeds === 1 ? '' : `, the ${ordinal(count + 1)} of ${String(options.seeds)}`;
  const drawn = [...run.world.drawn].map(([name, { value }]) => `${name} = ${String(value)}`);
  const list = listFaults(run.faults);
  const what = list.length === 1 ? '1 fault' : `${String(run.faults.length)} faults`;
  const spent = runs === 0 ? '' : `, after ${String(runs)} runs to make it smaller`;
  const message = [
    `simulate: ${failure?.text ?? ''}, at ${String(failure?.frame)} ms with seed ${seedText(seed)}${place}`,
    ...(reason === undefined ? [] : [reason]),
    ...(replays
      ? []
      : [
          'it does not fail again in the same way: the system depends on something that no seed decides, as Date.now() or a promise',
        ]),
    [
      `  ${what}${drawn.length === 0 ? '' : `, ${drawn.join(', ')}`}${spent}`,
      ...list.map((line) => `    ${line}`),
    ].join('\n'),
    drawRun(run),
    `  replay: simulate({ seed: '${seedText(seed)}', … }, …)`,
  ].join('\n\n');
  const cause = failure?.cause;
  return new SimulationError(message, {
    ...{ seed, faults: list },
    ...(cause === undefined ? {} : { cause }),
  });
}

function ordinal(number: number): string {
  const endings: Readonly<Record<number, string>> = { 1: 'st', 2: 'nd', 3: 'rd' };
  const isTeen = number % 100 > 10 && number % 100 < 14;
  return `${String(number)}${(isTeen ? undefined : endings[number % 10]) ?? 'th'}`;
}
