import { execFileSync } from 'node:child_process';

let made;

/** A key with a certificate of its own for `localhost`, as one PEM; made once in a process. */
export function identity() {
  made ??= execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-days', '1', '-keyout', '-', '-out', '-'],
    ],
    // An instrumented addon needs what is preloaded, and no other program does.
    { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, LD_PRELOAD: '' } },
  );
  return { server: { key: made, cert: made }, client: { ca: made, servername: 'localhost' } };
}
