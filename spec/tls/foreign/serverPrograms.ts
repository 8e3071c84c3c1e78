import type { SecureVersion } from 'node:tls';
import { ForeignServer } from '../../samples/support/ForeignServer';
import type { Certificates } from '../support/certificates';
import { HOST } from '../support/servers';
import type { Feature } from './clientPrograms';

/** What a server needs to know. */
export interface ServerRequest {
  readonly version: SecureVersion;
  readonly certificates: Certificates;
  readonly feature: Feature;
}

/** A server that is another program, with TLS of one version. */
export interface ServerProgram {
  readonly features: readonly Feature[];
  /** What it is asked, and the first line of its answer. */
  readonly question: string;
  readonly answer: string;
  start(request: ServerRequest): Promise<ForeignServer>;
}

const sServer: ServerProgram = {
  features: ['nothing more', 'a client certificate', 'ALPN', 'resumption'],
  question: 'desserts\n',
  answer: 'stressed',
  start({ version, certificates, feature }) {
    const { certFile, keyFile } = certificates.files('server');
    const args = ['s_server', '-rev', '-accept', `${HOST}:0`, '-cert', certFile, '-key', keyFile];
    args.push(version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3');
    if (feature === 'ALPN') args.push('-alpn', 'gopher,http/1.1');
    if (feature === 'a client certificate') {
      args.push('-Verify', '1', '-verify_return_error', '-CAfile', certificates.caFile);
    }
    return ForeignServer.start('openssl', args, /^ACCEPT .*:(\d+)/);
  },
};

const socat: ServerProgram = {
  features: ['nothing more', 'a client certificate'],
  question: 'echo\n',
  answer: 'echo',
  start({ version, certificates, feature }) {
    const { certFile, keyFile } = certificates.files('server');
    const only = version.replace('v', '');
    const address = [
      `OPENSSL-LISTEN:0,bind=${HOST}`,
      `cert=${certFile},key=${keyFile},cafile=${certificates.caFile}`,
      `verify=${feature === 'a client certificate' ? '1' : '0'}`,
      `openssl-min-proto-version=${only},openssl-max-proto-version=${only}`,
    ];
    return ForeignServer.start(
      'socat',
      ['-d', '-d', address.join(), 'PIPE'],
      /listening on .*:(\d+)$/,
    );
  },
};

/** By their names. */
export const serverPrograms: Readonly<Record<string, ServerProgram>> = {
  'openssl s_server': sServer,
  socat,
};
