import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

describe('recipe mqtt, with the clients of mosquitto', () => {
  let broker: RunningSample;
  const guests: ChildProcess[] = [];

  beforeAll(async () => {
    broker = await startSample('recipes/mqtt', '--port', '0');
  });

  afterEach(async () => {
    for (const guest of guests.splice(0)) {
      if (guest.exitCode !== null || guest.signalCode !== null) continue;
      const exited = once(guest, 'exit');
      guest.kill('SIGKILL');
      await exited;
    }
  });

  afterAll(async () => {
    expect(await broker.interrupt()).toBe(0);
  });

  const publish = async (topic: string, ...args: readonly string[]): Promise<unknown> =>
    piped('mosquitto_pub', ['-p', `${broker.port}`, '-t', topic, ...args]);

  /** Subscribes, and gives what is heard, as `topic text`. It has subscribed when it hears a first one. */
  async function subscribe(topic: string, ...args: readonly string[]): Promise<Interface> {
    const ready = `ready/${topic.replaceAll(/\W/g, '')}`;
    await publish(ready, '-r', '-m', 'ready');
    const options = ['-p', `${broker.port}`, '-t', ready, '-t', topic, '-v', ...args];
    const guest = spawn('mosquitto_sub', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    guests.push(guest);
    const heard = createInterface(guest.stdout);
    // Both filters come in one packet.
    expect(await once(heard, 'line')).toEqual([`${ready} ready`]);
    return heard;
  }

  it.each(['0', '1'])('passes messages on by topic, sent with QoS %s', async (quality) => {
    const rooms = await subscribe('house/+/light');
    const all = await subscribe('house/#');
    const next = [once(rooms, 'line'), once(all, 'line')];
    await publish('house/kitchen/light', '-q', quality, '-m', 'on');
    for (const line of next) expect(await line).toEqual(['house/kitchen/light on']);
    const last = once(all, 'line');
    const other = once(rooms, 'line');
    await publish('house/kitchen/light/left', '-q', quality, '-m', 'off');
    await publish('house/hall/light', '-q', quality, '-m', 'off');
    expect(await last).toEqual(['house/kitchen/light/left off']);
    expect(await other).toEqual(['house/hall/light off']);
  });

  it('keeps what is retained for later guests, until an empty one', async () => {
    await publish('kept/one', '-r', '-m', 'first');
    await publish('kept/one', '-r', '-m', 'second');
    await publish('kept/two', '-r', '-m', 'gone');
    await publish('kept/two', '-r', '-n');
    const output = await piped('mosquitto_sub', [
      ...['-p', `${broker.port}`, '-t', 'kept/#', '-v', '-C', '1'],
    ]);
    expect(output.toString()).toBe('kept/one second\n');
  });

  it('publishes the will of a guest that dies', async () => {
    const heard = await subscribe('wills');
    const mortal = ['--will-topic', 'wills', '--will-payload', 'farewell'];
    await subscribe('life', ...mortal);
    const line = once(heard, 'line');
    guests.at(-1)!.kill('SIGKILL');
    expect(await line).toEqual(['wills farewell']);
  });

  it('carries a megabyte, and a thousand messages in order', async () => {
    const heard = await subscribe('many');
    const lines: string[] = [];
    heard.on('line', (line) => lines.push(line));
    const text = Array.from({ length: 1000 }, (_, number) => `${number}\n`).join('');
    await piped('mosquitto_pub', ['-p', `${broker.port}`, '-t', 'many', '-q', '1', '-l'], text);
    while (lines.length < 1000) await once(heard, 'line');
    expect(lines).toEqual(Array.from({ length: 1000 }, (_, number) => `many ${number}`));
    const large = 'x'.repeat(1_000_000);
    const long = once(heard, 'line');
    await piped('mosquitto_pub', ['-p', `${broker.port}`, '-t', 'many', '-s'], large);
    expect(((await long) as [string])[0] === `many ${large}`).toBe(true);
  });

  it.each([
    ['what is no MQTT', `GET / HTTP/1.1\r\n${'Header: 1\r\n'.repeat(10)}\r\n`],
    ['another version', Buffer.from('100c00044d5154540502000a0000', 'hex')],
    ['a packet before CONNECT', Buffer.from('c000', 'hex')],
    ['a length that does not end', Buffer.from('10ffffffffff', 'hex')],
    ['a field that is cut', Buffer.from('100400094d51', 'hex')],
    ['a packet of 200 MB', Buffer.from('1080808064', 'hex')],
  ])('resets who sends %s', async (_name, bytes) => {
    const peer = connect(broker.port, '127.0.0.1');
    peer.write(bytes);
    await expect(once(peer, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
