import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { clean } from '../tls/support/certificates';
import { closed } from '../tls/support/servers';
import { type RunningSample, startSample } from './support/startSample';

describe('sample starttls', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('starttls', '--port', '0');
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  it.each(['-tls1_2', '-tls1_3'])('takes mail from openssl s_client %s', async (version) => {
    const where = ['-starttls', 'smtp', '-connect', `127.0.0.1:${String(sample.port)}`];
    const client = spawn('openssl', ['s_client', '-quiet', '-crlf', version, ...where], {
      env: clean(),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let output = '';
    client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const mail = ['EHLO me', 'MAIL FROM:<me>', 'RCPT TO:<you>', 'DATA', 'Hello', '.', 'QUIT'];
    client.stdin.write(mail.map((line) => `${line}\n`).join(''));
    await once(client, 'close');
    const codes = output.match(/^\d{3}(?= )/gm);
    // The first is the answer of before, which s_client shows.
    expect(codes?.slice(-6)).toEqual(['250', '250', '250', '354', '250', '221']);
  });

  it('takes no mail before, and ends with QUIT', async () => {
    const socket = connect(sample.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('EHLO me\r\nMAIL FROM:<me>\r\nQUIT\r\n');
    await closed(socket);
    expect(text.split('\r\n')).toEqual([
      '220 localhost ESMTP',
      '250-localhost',
      '250 STARTTLS',
      '530 STARTTLS first',
      '221 bye',
      '',
    ]);
  });

  it('resets a client that sends commands behind STARTTLS', async () => {
    const said = once(sample.child.stderr!, 'data');
    const socket = connect(sample.port, '127.0.0.1');
    socket.resume();
    socket.write('STARTTLS\r\nMAIL FROM:<injected>\r\n');
    await closed(socket);
    expect(String((await said)[0])).toContain('ERR_TLS_PLAINTEXT');
  });
});
