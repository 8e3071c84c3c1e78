/** What the system says of a process: CPU time of each thread, memory. */
import { readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU seconds of every thread of a process, from /proc/PID/task/TID/stat, and when they were read. */
export function readThreads(pid) {
  const threads = new Map();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1');
      const end = stat.lastIndexOf(')');
      const fields = stat.slice(end + 2).split(' ');
      threads.set(Number(id), {
        name: stat.slice(stat.indexOf('(') + 1, end),
        cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      });
    } catch (error) {
      // A thread may have ended since its folder was listed.
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    }
  }
  return { seconds: performance.now() / 1000, threads };
}

/** Shares of a core between two readings: of the main thread, of all, and of each named thread. */
export function cpuShares(pid, before, after) {
  const seconds = after.seconds - before.seconds;
  const shares = { main: 0, all: 0, threads: {} };
  for (const [id, { name, cpuSeconds }] of after.threads) {
    const share = (cpuSeconds - (before.threads.get(id)?.cpuSeconds ?? 0)) / seconds;
    shares.all += share;
    if (id === pid) shares.main = share;
    const key = id === pid ? 'main' : name;
    shares.threads[key] = (shares.threads[key] ?? 0) + share;
  }
  return shares;
}

/**
 * CPU seconds that all of the machine's work has taken so far, and what was taken from the machine itself
 * (steal): with it, a run knows how much others disturbed it.
 */
export function machineCpuSeconds() {
  const [first] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const [user, nice, system, , , irq, softirq, steal] = first
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}

/** CPU seconds of a whole process. */
export function processCpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident bytes of a process. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * 1024;
}

/** How many files a process may have open at most. */
export function fileLimit() {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)[1];
  return hard === 'unlimited' ? Infinity : Number(hard);
}
