import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientProxy, ClientTCP } from '@nestjs/microservices';
import { lastValueFrom, toArray } from 'rxjs';
import { LibeventClient } from 'rxjs-libevent/nestjs';
import { startSample, type RunningSample } from './support/startSample';

const FILE = join(__dirname, '../../package-lock.json');
const PATH = join(tmpdir(), `nestjs-sample-${process.pid}.sock`);

const host = '127.0.0.1';
// The sample's certificate is its own, made when it starts.
const tlsOptions = { rejectUnauthorized: false };

type AnyClient = Pick<ClientProxy, 'send' | 'emit' | 'close'>;

const nest = (port: number): AnyClient => new ClientTCP({ host, port });
const nestTls = (port: number): AnyClient => new ClientTCP({ host, port, tlsOptions });
const libevent = (port: number): AnyClient => new LibeventClient({ host, port });
const libeventTls = (port: number): AnyClient => new LibeventClient({ host, port, tlsOptions });
const libeventPath = (): AnyClient => new LibeventClient({ path: PATH });
// What Nest calls a port goes to `net` as it is.
const nestPath = (): AnyClient => new ClientTCP({ port: PATH as unknown as number });

/** The flags of a sample, and who asks it. */
const samples: [flags: string, clients: Record<string, (port: number) => AnyClient>][] = [
  ['', { ClientTCP: nest, LibeventClient: libevent }],
  ['--tls', { ClientTCP: nestTls, LibeventClient: libeventTls }],
  [`--path ${PATH}`, { ClientTCP: nestPath, LibeventClient: libeventPath }],
  ['--nest', { LibeventClient: libevent }],
  ['--nest --tls', { LibeventClient: libeventTls }],
];

describe.each(samples)('sample nestjs %s', (flags, clients) => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('nestjs', '--port', '0', ...flags.split(' ').filter(Boolean));
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  describe.each(Object.entries(clients))('with %s', (_name, clientOf) => {
    let client: AnyClient;

    beforeAll(() => {
      client = clientOf(sample.port);
    });

    afterAll(() => {
      client.close();
    });

    it('answers', async () => {
      expect(await lastValueFrom(client.send('sum', [1, 2, 3]))).toBe(6);
    });

    it('sends a file line by line', async () => {
      const lines = await lastValueFrom(client.send<string>('lines', FILE).pipe(toArray()));
      expect(`${lines.join('\n')}\n`).toBe(readFileSync(FILE, 'utf8'));
    });

    it('says what has failed', async () => {
      const failed = lastValueFrom(client.send('lines', '/there/is/no/such/file'));
      await expect(failed).rejects.toMatchObject({ status: 'error' });
    });

    it('takes an event', async () => {
      await lastValueFrom(client.emit('said', 'hello'), { defaultValue: undefined });
      expect(await lastValueFrom(client.send('sum', [1]))).toBe(1);
    });
  });
});

describe('sample nestjs --tls', () => {
  it('is refused by a client that verifies it', async () => {
    const sample = await startSample('nestjs', '--port', '0', '--tls');
    const client = new LibeventClient({ host, port: sample.port, tlsOptions: {} });
    await expect(lastValueFrom(client.send('sum', [1]))).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(await sample.interrupt()).toBe(0);
  });
});
