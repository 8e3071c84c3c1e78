import { execFileSync } from 'node:child_process';

/** A key with its certificate, as PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

const REQUEST = [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
  ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  ...['-days', '1', '-keyout', '-', '-out', '-'],
];

/**
 * A certificate for `localhost` and 127.0.0.1 that lasts a day, so that no key stands in a file. By the
 * openssl program.
 */
export function selfSigned(): SelfSigned {
  const both = execFileSync('openssl', REQUEST, { stdio: 'pipe', encoding: 'utf8' });
  return { key: both, cert: both };
}
