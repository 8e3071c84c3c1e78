import { once } from 'node:events';
import { connect } from 'node:net';
import { receivedBy } from '../../connection/support/receivedBy';
import { ForeignServer } from '../support/ForeignServer';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

/** Answers each line with the process that has got it: one for each connection. */
const SHELL = 'while read -r line; do echo "$$ $line"; done';

describe('recipe pool, between nc and socat', () => {
  let server: ForeignServer;
  let pool: RunningSample;

  beforeAll(async () => {
    server = await ForeignServer.start(
      'socat',
      [
        '-d',
        '-d',
        'TCP-LISTEN:0,bind=127.0.0.1,fork',
        `SYSTEM:${SHELL.replaceAll(/[$"]/g, '\\$&')}`,
      ],
      /listening on .*:(\d+)$/,
    );
    pool = await startSample('recipes/pool', '--port', '0', '--to', `127.0.0.1:${server.port}`);
  });

  afterAll(async () => {
    expect(await pool.interrupt()).toBe(0);
    await server.stop();
  });

  const ask = async (text: string): Promise<string[]> => {
    const answer = await piped('nc', ['-N', '127.0.0.1', `${pool.port}`], text);
    return answer.toString().trimEnd().split('\n');
  };

  it('answers many clients over two connections at the most, each its own lines in order', async () => {
    const clients = Array.from({ length: 10 }, (_, client) => client);
    const processes = new Set<string>();
    await Promise.all(
      clients.map(async (client) => {
        const asked = Array.from({ length: 20 }, (_, line) => `${client}.${line}`);
        const answers = await ask(asked.map((line) => `${line}\n`).join(''));
        expect(answers.map((answer) => answer.split(' ')[1])).toEqual(asked);
        for (const answer of answers) processes.add(answer.split(' ')[0]!);
      }),
    );
    // One does where the clients come one after the other.
    expect([1, 2]).toContain(processes.size);
  });

  it('opens a new connection for one that the server has ended', async () => {
    const [before] = (await ask('one\n'))[0]!.split(' ');
    process.kill(Number(before), 'SIGKILL');
    const after = await Promise.all(Array.from({ length: 4 }, async () => (await ask('two\n'))[0]));
    for (const answer of after) expect(answer).toMatch(/^\d+ two$/);
    expect(pool.errors()).toBe('');
  });

  it('takes a connection back from a client that leaves in between', async () => {
    const client = connect(pool.port, '127.0.0.1');
    client.write('a\n'.repeat(100));
    await once(client, 'data');
    client.resetAndDestroy();
    const last = connect({ port: pool.port, host: '127.0.0.1', allowHalfOpen: true });
    const answer = receivedBy(last);
    last.end('still\n');
    expect((await answer).toString()).toMatch(/^\d+ still\n$/);
  });
});
