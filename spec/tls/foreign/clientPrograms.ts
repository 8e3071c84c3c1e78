import { join } from 'node:path';
import type { Certificates } from '../support/certificates';
import { HOST } from '../support/servers';
import { output } from './output';

/** What is asked for beside an answer. */
export type Feature = 'nothing more' | 'a client certificate' | 'ALPN' | 'resumption';

/** What a client needs to know. */
export interface ClientRequest {
  readonly port: number;
  readonly certificates: Certificates;
  readonly feature: Feature;
}

/** A client that is another program. */
export interface ClientProgram {
  readonly features: readonly Feature[];
  /** Whether it takes tickets of TLS 1.2; a session that it remembers by its id is not resumed. */
  readonly tickets: boolean;
  /** Gives the answer; for resumption two, of one connection after the other. */
  run(request: ClientRequest): Promise<string[]>;
}

/** The server closes behind its answer. */
const REQUEST = 'GET /once HTTP/1.1\r\n\r\n';

function bodyOf(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4).trim();
}

const sClient: ClientProgram = {
  tickets: true,
  features: ['nothing more', 'a client certificate', 'ALPN', 'resumption'],
  async run({ port, certificates, feature }) {
    const args = ['s_client', '-quiet', '-verify_return_error', '-servername', 'localhost'];
    args.push('-connect', `${HOST}:${String(port)}`, '-CAfile', certificates.caFile);
    if (feature === 'ALPN') args.push('-alpn', 'gopher,http/1.1');
    if (feature === 'a client certificate') {
      const { certFile, keyFile } = certificates.files('client');
      args.push('-cert', certFile, '-key', keyFile);
    }
    const ask = async (...more: string[]) =>
      bodyOf(await output('openssl', [...args, ...more], REQUEST));
    if (feature !== 'resumption') return [await ask()];
    const file = join(certificates.folder, 'session.pem');
    return [await ask('-sess_out', file), await ask('-sess_in', file)];
  },
};

const curl: ClientProgram = {
  tickets: false,
  features: ['nothing more', 'a client certificate', 'ALPN', 'resumption'],
  async run({ port, certificates, feature }) {
    const args = ['-sS', '--cacert', certificates.caFile];
    args.push('--resolve', `localhost:${String(port)}:${HOST}`);
    args.push(feature === 'ALPN' ? '--http1.1' : '--no-alpn');
    if (feature === 'a client certificate') {
      const { certFile, keyFile } = certificates.files('client');
      args.push('--cert', certFile, '--key', keyFile);
    }
    const url = `https://localhost:${String(port)}/once`;
    const urls = feature === 'resumption' ? [url, url] : [url];
    return (await output('curl', [...args, ...urls])).trim().split('\n');
  },
};

const socat: ClientProgram = {
  tickets: true,
  features: ['nothing more', 'a client certificate'],
  async run({ port, certificates, feature }) {
    const { certFile, keyFile } = certificates.files('client');
    const address = [
      `OPENSSL:${HOST}:${String(port)}`,
      `cafile=${certificates.caFile}`,
      'commonname=localhost,snihost=localhost',
      ...(feature === 'a client certificate' ? [`cert=${certFile}`, `key=${keyFile}`] : []),
    ];
    return [bodyOf(await output('socat', ['-t', '10', '-', address.join()], REQUEST))];
  },
};

/** By their names. */
export const clientPrograms: Readonly<Record<string, ClientProgram>> = {
  'openssl s_client': sClient,
  curl,
  socat,
};
