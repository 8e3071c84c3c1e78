import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { peers } from './peers.mjs';
import { scenarios } from './scenarios.mjs';

const FULL = { runs: 5, warmup: 1, seconds: 2 };
const QUICK = { runs: 1, warmup: 0.2, seconds: 0.5 };

function between(least, most, whole) {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`A number from ${least} to ${most} is wanted.`);
    }
    if (whole && !Number.isInteger(value))
      throw new InvalidArgumentError('A whole number is wanted.');
    return value;
  };
}

function nameOf(table) {
  const names = table.map(({ name }) => name);
  return (text, chosen = []) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`One of ${names.join(', ')}.`);
    return chosen.includes(text) ? chosen : [...chosen, text];
  };
}

/** Parses the command line; a wrong one ends the process with what would be right. */
export function parseOptions(args) {
  const given = new Command('npm run bench --')
    .description('Measures every scenario against every peer, interleaved, in one run.')
    .addOption(new Option('--quick', 'the main scenarios, once, in under a minute'))
    .option('--scenario <name>', 'this scenario alone (may be repeated)', nameOf(scenarios))
    .option('--peer <name>', 'this peer alone (may be repeated)', nameOf(peers))
    .option('--runs <count>', 'rounds, of which the median counts (5)', between(1, 100, true))
    .option('--seconds <seconds>', 'timed window of a measurement (2)', between(0.1, 60, false))
    .option('--warmup <seconds>', 'load before it (1)', between(0, 60, false))
    .option(
      '--server-cores <count>',
      'pin the server to the first cores',
      between(1, availableParallelism(), true),
    )
    .option('--docs', 'write docs/performance.md even if not all was measured')
    .option('--list', 'print the scenarios and the peers, and end')
    .parse(args, { from: 'user' })
    .opts();
  const defaults = given.quick ? QUICK : FULL;
  const timing = {
    warmup: given.warmup ?? defaults.warmup,
    seconds: given.seconds ?? defaults.seconds,
  };
  const byDefault = ({ quick }) => !given.quick || quick;
  return {
    list: given.list ?? false,
    quick: given.quick ?? false,
    runs: given.runs ?? defaults.runs,
    timing: { ...timing, scale: timing.seconds / FULL.seconds },
    scenarios: (given.scenario ? pick(scenarios, given.scenario) : scenarios.filter(byDefault)).map(
      (scenario) => ({ ...scenario, serverCores: given.serverCores }),
    ),
    peers: given.peer ? pick(peers, given.peer) : peers,
    // The document shows a full run; a part of one would take figures away from it.
    writeDocument: given.docs ?? !(given.quick || given.scenario || given.peer),
  };
}

function pick(table, names) {
  return table.filter(({ name }) => names.includes(name));
}
