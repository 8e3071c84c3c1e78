// node bench/faces/run.mjs [KIND...] [--rounds 5] [--requests 100000]: processor time of a server over this
// library's faces beside one over `net`: http (toDuplex), wrk (the same, by `wrk`), rpc (Nest's transport), out and in
// (1 GiB through toDuplex). Who is measured takes turns; a line has the least and the most of the rounds, and the
// medians' ratio.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureSystem } from '../../scripts/setup/system.mjs';
import { load } from './load.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '100000' },
    over: { type: 'string', default: 'net,0,1,auto' },
  },
});
const UNITS = {
  http: 'µs a request',
  wrk: 'µs a request',
  rpc: 'µs a request',
  out: 'µs a MB',
  in: 'µs a MB',
};
const kinds = positionals.length > 0 ? positionals : Object.keys(UNITS);
const overs = values.over.split(',');

if (kinds.includes('wrk')) ensureSystem(['wrk']);
for (const kind of kinds) {
  if (UNITS[kind] === undefined) {
    console.error(`faces: no ${kind}; there are ${Object.keys(UNITS).join(', ')}`);
    process.exit(1);
  }
  const costs = new Map(overs.map((over) => [over, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const over of overs) costs.get(over).push(await measure(kind, over));
  }
  const beside = median(costs.get(overs[0]));
  for (const [over, each] of costs) {
    const name = over === 'net' ? over : `threads: ${over}`;
    const range = [Math.min(...each), Math.max(...each)].map((cost) => cost.toFixed(1));
    const ratio = (median(each) / beside).toFixed(2);
    console.log(`${kind} ${name}: ${range.join(' to ')} ${UNITS[kind]}, ${ratio} x ${overs[0]}`);
  }
}

async function measure(kind, over) {
  const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), [kind, over]);
  const [{ port }] = await once(server, 'message');
  // What is compiled and allocated once does not count.
  await load(kind, port, Number(values.requests) / 5);
  const before = await cpuOf(server);
  const done = await load(kind, port, Number(values.requests));
  const cost = ((await cpuOf(server)) - before) / done;
  server.kill();
  await once(server, 'exit');
  return cost;
}

async function cpuOf(server) {
  const answer = once(server, 'message');
  server.send('cpu');
  return (await answer)[0].cpu;
}

function median(list) {
  const sorted = [...list].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
