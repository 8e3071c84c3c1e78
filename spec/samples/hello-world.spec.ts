import { once } from 'node:events';
import { connect } from 'node:net';
import { startSample, type RunningSample } from './support/startSample';

describe('sample hello-world', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('hello-world', '--port', '0');
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  it('says one thing to every client, and closes when it has been sent', async () => {
    for (let count = 0; count < 3; count += 1) {
      const socket = connect(sample.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      await once(socket, 'close');
      expect(text).toBe('Hello, World!\n');
    }
  });
});
