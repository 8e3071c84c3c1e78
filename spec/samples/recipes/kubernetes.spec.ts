import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { piped } from '../support/piped';
import { RunSample } from '../support/runSample';

describe('recipe kubernetes, probed by curl', () => {
  it('is unready at SIGTERM, goes on accepting, answers what was asked, and ends', async () => {
    const times = ['--unready-ms', '1500', '--work-ms', '3000'];
    const run = new RunSample('recipes/kubernetes', '--port', '0', '--probe-port', '0', ...times);
    await run.printed('probes at ');
    await run.printed('listening on ');
    const output = run.printedText;
    const [, port] = /listening on .*:(\d+) \(/.exec(output)!;
    const [, probePort] = /probes at .*:(\d+)/.exec(output)!;
    const probe = async (): Promise<string> =>
      (
        await piped('curl', ['-s', '-w', '%{http_code}', `http://127.0.0.1:${probePort}/`])
      ).toString();
    const ask = (line: string) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
      socket.write(line);
      return { socket, lines: createInterface(socket) };
    };

    expect(await probe()).toBe('200');
    const early = ask('early\n');
    await once(early.socket, 'connect');
    run.child.kill('SIGTERM');
    while ((await probe()) !== '503');
    // A node that does not know yet sends one more.
    const late = ask('late\nhalf a li');
    const answers = [once(early.lines, 'line'), once(late.lines, 'line')];
    expect(await answers[0]).toEqual(['done: early']);
    expect(await answers[1]).toEqual(['done: late']);
    await once(late.socket, 'end');
    for (const { socket } of [early, late]) socket.end();
    const { code, errors } = await run.ended;
    expect([code, errors]).toEqual([0, '']);
  });
});
