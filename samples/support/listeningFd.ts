import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** The descriptor of this process that listens on a TCP port, to be inherited by another one. */
export function listeningFd(port: number): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === LISTENING && local.endsWith(hex))
    .map((fields) => `socket:[${String(fields[9])}]`);
  const fd = readdirSync('/proc/self/fd').find((name) => sockets.includes(linkOf(name)));
  if (fd === undefined) throw new Error(`nothing of this process listens on port ${String(port)}`);
  return Number(fd);
}

/** The descriptor that the folder was read by is there no more. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
