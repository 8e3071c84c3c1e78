import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { ForeignServer } from '../support/ForeignServer';
import { RunSample } from '../support/runSample';

describe('recipe udp, between nc and nc', () => {
  it('passes datagrams on as lines, and lines as datagrams', async () => {
    const sink = await ForeignServer.start(
      'nc',
      ['-nvul', '127.0.0.1', '0'],
      /^Bound on \S+ (\d+)/,
    );
    const heard = createInterface(sink.child.stdout!);
    const run = new RunSample(
      'recipes/udp',
      '--port',
      '0',
      '--udp-port',
      '0',
      '--to',
      `127.0.0.1:${sink.port}`,
    );
    await run.printed('datagrams at ');
    await run.printed('listening on ');
    const [, port] = /listening on .*:(\d+) \(/.exec(run.printedText)!;
    const [, udpPort] = /datagrams at .*:(\d+)/.exec(run.printedText)!;

    const client = connect(Number(port), '127.0.0.1');
    const lines = createInterface(client);
    const sent = once(heard, 'line');
    client.write('out\n');
    expect(await sent).toEqual(['out']);
    const next = once(heard, 'line');
    client.write('and out\n');
    expect(await next).toEqual(['and out']);

    const received = once(lines, 'line');
    const nc = spawn('nc', ['-u', '127.0.0.1', udpPort!]);
    nc.stdin.write('in\n');
    expect(await received).toEqual(['in']);
    nc.kill('SIGKILL');
    client.destroy();
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    await sink.stop();
  });
});
