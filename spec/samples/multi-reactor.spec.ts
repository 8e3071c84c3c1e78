import { once } from 'node:events';
import { connect } from 'node:net';
import { startSample, type RunningSample } from './support/startSample';

describe('sample multi-reactor', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('multi-reactor', '--port', '0', '--workers', '3', '--threads', '2');
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  async function answer(question: string): Promise<string> {
    const socket = connect(sample.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.end(`${question}\n`);
    await once(socket, 'close');
    return text;
  }

  it('answers every line, on every thread in its turn', async () => {
    const threads = new Set<string>();
    while (threads.size < 3) {
      const match = /^thread (\d): who\?\n$/.exec(await answer('who?'));
      expect(match).not.toBeNull();
      threads.add(match![1]!);
    }
    expect([...threads].sort()).toEqual(['0', '1', '2']);
  });
});
