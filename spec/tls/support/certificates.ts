import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key with its certificate, as PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** An authority, made by the openssl program, and what it signs. */
export class Certificates {
  /** Of its own, for other files, too. */
  readonly folder = mkdtempSync(join(tmpdir(), 'tls-'));
  /** Who is to be trusted. */
  readonly ca: string;
  readonly caFile = join(this.folder, 'ca.pem');
  /** For `localhost` and 127.0.0.1. */
  readonly server: Identity;

  constructor() {
    const key = join(this.folder, 'ca.key');
    this.openssl(['req', '-x509', ...this.newKey(key), '-subj', '/CN=Authority', '-days', '2'], {
      out: this.caFile,
    });
    this.ca = readFileSync(this.caFile, 'utf8');
    this.server = this.sign('server', 'DNS:localhost,IP:127.0.0.1');
  }

  /** @param names - for subjectAltName; @param days - from now on, negative for one that has expired */
  sign(name: string, names = `DNS:${name}`, days = 2): Identity {
    const { keyFile, certFile } = this.files(name);
    const request = join(this.folder, `${name}.csr`);
    const extension = ['-addext', `subjectAltName=${names}`];
    this.openssl(['req', ...this.newKey(keyFile), '-subj', `/CN=${name}`, ...extension], {
      out: request,
    });
    const signer = ['-CA', this.caFile, '-CAkey', join(this.folder, 'ca.key')];
    const copied = ['-copy_extensions', 'copy', '-days', String(days)];
    this.openssl(['x509', '-req', '-in', request, ...signer, ...copied], { out: certFile });
    return this.identity(name);
  }

  /** Where the openssl program finds them. */
  files(name: string): { keyFile: string; certFile: string } {
    const file = join(this.folder, name);
    return { keyFile: `${file}.key`, certFile: `${file}.pem` };
  }

  /** What has been signed for the name. */
  identity(name: string): Identity {
    const { keyFile, certFile } = this.files(name);
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private newKey(file: string): string[] {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
  }

  private openssl(args: readonly string[], { out }: { out: string }): void {
    execFileSync('openssl', [...args, '-out', out], { stdio: 'pipe', env: clean() });
  }
}

/** Another program gets nothing that an instrumented addon needs preloaded. */
export function clean(): NodeJS.ProcessEnv {
  return { ...process.env, LD_PRELOAD: '' };
}
