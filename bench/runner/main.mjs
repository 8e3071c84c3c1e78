import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { build } from './build.mjs';
import { writeDocument } from './document.mjs';
import { judge } from './judge.mjs';
import { describeMachine } from './machine.mjs';
import { canMeasure, measure } from './measure.mjs';
import { parseOptions } from './options.mjs';
import { resultsFolder } from './paths.mjs';
import { peers } from './peers.mjs';
import { drawPlots } from './plots.mjs';
import { printReport } from './print.mjs';
import { stopAll } from './processes.mjs';
import { createProgress } from './progress.mjs';
import { scenarios } from './scenarios.mjs';
import { mergeBuckets, summarise } from './statistics.mjs';

/** Runs the bench; returns the exit code. */
export async function main(args) {
  const options = parseOptions(args);
  if (options.list) {
    for (const { name, title } of [...scenarios, ...peers])
      console.log(`${name.padEnd(20)} ${title}`);
    return 0;
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => void stopAll().then(() => process.exit(code)));
  }
  try {
    build();
    const report = await runAll(options);
    printReport(report);
    const file = writeJson(report);
    console.log(`Written: ${file}`);
    if (options.writeDocument)
      console.log(`Written: ${writeDocument(report, await drawPlots(report))}`);
    return 0;
  } catch (error) {
    console.error(`${pc.red('bench:')} ${error.message}`);
    return 1;
  } finally {
    await stopAll();
  }
}

/** All rounds, each scenario's peers one after the other, so that a mood of the machine meets them all. */
async function runAll({ runs, scenarios: chosen, peers: wanted, timing, quick }) {
  const plan = chosen.map((scenario) => ({
    scenario,
    peers: wanted.filter((peer) => canMeasure(scenario, peer)),
  }));
  const total = runs * plan.reduce((sum, step) => sum + step.peers.length, 0);
  const machine = describeMachine();
  const progress = createProgress(total);
  const rounds = {};
  try {
    for (let run = 1; run <= runs; run++) {
      for (const { scenario, peers: present } of plan) {
        for (const peer of rotated(present, run)) {
          progress.now(`${scenario.name}, ${peer.name}, round ${run}`);
          const result = await measureNamed(scenario, peer, timing, run);
          ((rounds[scenario.name] ??= {})[peer.name] ??= []).push(result);
          progress.done();
        }
      }
    }
  } finally {
    progress.stop();
  }
  const results = summariseAll(rounds, plan);
  return { machine, runs, timing, quick, scenarios: chosen, results, judged: judge(results) };
}

async function measureNamed(scenario, peer, timing, run) {
  try {
    return await measure(scenario, peer, timing);
  } catch (error) {
    const where = `scenario ${scenario.name}, peer ${peer.name}, round ${run}`;
    throw new Error(`${where}: ${error.message}`, { cause: error });
  }
}

/** Each round begins with another peer. */
function rotated(list, by) {
  const first = by % Math.max(list.length, 1);
  return [...list.slice(first), ...list.slice(0, first)];
}

function summariseAll(rounds, plan) {
  const results = {};
  for (const { scenario, peers: present } of plan) {
    if (present.length === 0) continue;
    results[scenario.name] = Object.fromEntries(
      present.map(({ name }) => {
        const own = rounds[scenario.name][name];
        const buckets = mergeBuckets(own.map((round) => round.buckets ?? []));
        return [
          name,
          { figures: summarise(own), threads: own.map((round) => round.threads), buckets },
        ];
      }),
    );
  }
  return results;
}

function writeJson(report) {
  mkdirSync(resultsFolder, { recursive: true });
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const text = `${JSON.stringify(report)}\n`;
  writeFileSync(join(resultsFolder, `${stamp}.json`), text);
  const latest = join(resultsFolder, 'latest.json');
  writeFileSync(latest, text);
  return latest;
}
