import { InvalidArgumentError } from 'commander';

/** Reads `host:port` or `[address]:port` from the command line. */
export function hostAndPort(text: string): { host: string; port: number } {
  const [, host = ''] = /^\[(.+)\]:\d+$/.exec(text) ?? /^([^:]+):\d+$/.exec(text) ?? [];
  const port = Number(text.slice(text.lastIndexOf(':') + 1));
  if (host === '' || port < 1 || port > 65535) {
    throw new InvalidArgumentError('As localhost:11211 or [::1]:11211.');
  }
  return { host, port };
}
