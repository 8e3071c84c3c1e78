import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientProxy, ClientTCP } from '@nestjs/microservices';
import { lastValueFrom, toArray } from 'rxjs';
import { LibeventClient } from 'rxjs-libevent/nestjs';
import { startSample, type RunningSample } from './support/startSample';

const FILE = join(__dirname, '../../package-lock.json');

describe.each([
  ['ClientTCP', (port: number) => new ClientTCP({ host: '127.0.0.1', port })],
  ['LibeventClient', (port: number) => new LibeventClient({ host: '127.0.0.1', port })],
] as const)('sample nestjs, with %s', (_name, clientOf) => {
  let sample: RunningSample;
  let client: Pick<ClientProxy, 'send' | 'emit' | 'close'>;

  beforeAll(async () => {
    sample = await startSample('nestjs', '--port', '0');
    client = clientOf(sample.port);
  });

  afterAll(async () => {
    client.close();
    expect(await sample.interrupt()).toBe(0);
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
});
