import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const main = String(process.pid);

/** Node's own threads, which compile and collect garbage; threads that start later are a program's. */
const ofNode = new Set(readdirSync('/proc/self/task').filter((id) => id !== main));

/**
 * Threads of this process but Node's own: id, name, nanoseconds that they have worked, and that they have
 * waited for a processor.
 */
export function threads() {
  const ids = readdirSync('/proc/self/task').filter((id) => !ofNode.has(id));
  return ids.flatMap((id) => {
    try {
      const comm = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
      const name = id === main ? 'JavaScript' : comm;
      const times = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
      const [cpu, waited] = times.map(Number);
      return [{ id, name, cpu, waited }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Open descriptors of this process: how many there are of each target. */
export function descriptors() {
  const counts = new Map();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$/, '');
      // The folder itself is open while it is read.
      if (!/^\/proc\/.*\/fd$/.test(target)) counts.set(target, (counts.get(target) ?? 0) + 1);
    } catch {
      // It has been closed meanwhile.
    }
  }
  return counts;
}

/** What of `now` was not there `before`, in words; empty for nothing. */
export function surplus(before, now) {
  return [...now]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${count - (before.get(name) ?? 0)} x ${name}`)
    .join(', ');
}

/** How many threads there are of each name. */
export function threadNames() {
  const counts = new Map();
  for (const { name } of threads()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
