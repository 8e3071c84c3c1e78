import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('recipe files, with nc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'files-'));
  let server: RunningSample;

  beforeAll(async () => {
    server = await startSample('recipes/files', '--port', '0', '--folder', folder);
  });

  afterAll(async () => {
    expect(await server.interrupt()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  const nc = async (command: string, bytes = Buffer.alloc(0)): Promise<Buffer> =>
    piped(
      'nc',
      ['-N', '127.0.0.1', `${server.port}`],
      Buffer.concat([Buffer.from(`${command}\n`), bytes]),
    );

  it.each([0, 1, 65_536, 50_000_000])('takes and gives %d bytes', async (bytes) => {
    const content = randomBytes(bytes);
    const hash = sha256(content);
    const stored = await nc(`put ${bytes} ${hash} a.bin`, content);
    expect(stored.toString()).toBe('stored a.bin\n');
    expect(sha256(readFileSync(join(folder, 'a.bin')))).toBe(hash);

    const answer = await nc('get a.bin');
    const end = answer.indexOf('\n');
    expect(answer.toString('latin1', 0, end)).toBe(`${bytes} ${hash}`);
    expect(sha256(answer.subarray(end + 1))).toBe(hash);
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });

  it.each([
    ['a file of another hash', `put 3 ${sha256(Buffer.from('abd'))} b.bin\nabc`],
    ['a file that is too short', `put 4 ${sha256(Buffer.from('abc'))} b.bin\nabc`],
    ['a file that is too long', `put 2 ${sha256(Buffer.from('ab'))} b.bin\nabc`],
    ['a name with a path', 'get ../secret\n'],
    ['a name that is hidden', 'get .secret\n'],
    ['no such file', 'get none\n'],
    ['no command', 'hello\n'],
    ['nothing', ''],
  ])('resets who sends %s, and keeps nothing', async (_name, text) => {
    const peer = connect(server.port, '127.0.0.1');
    peer.end(text);
    await expect(once(peer.resume(), 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });
});
