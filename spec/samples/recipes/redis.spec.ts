import { connect } from 'node:net';
import { receivedBy } from '../../connection/support/receivedBy';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

describe('recipe redis', () => {
  let server: RunningSample;

  beforeAll(async () => {
    server = await startSample('recipes/redis', '--port', '0');
  });

  afterAll(async () => {
    expect(await server.interrupt()).toBe(0);
    expect(server.errors()).toBe('');
  });

  /** What redis-cli prints for commands, one in each line. */
  async function cli(...commands: readonly string[]): Promise<string[]> {
    const input = commands.map((command) => `${command}\n`).join('');
    const output = await piped('redis-cli', ['-p', `${server.port}`], input);
    return output.toString().trimEnd().split('\n');
  }

  it('answers redis-cli', async () => {
    expect(await cli('ping', 'set key "a b\\r\\n\\x00"', 'strlen key', 'exists key none')).toEqual([
      'PONG',
      'OK',
      "ERR unknown command 'strlen'",
      '',
      '1',
    ]);
    const raw = await piped('redis-cli', ['-p', `${server.port}`, '--no-raw', 'get', 'key']);
    expect(raw.toString()).toBe('"a b\\r\\n\\x00"\n');
    expect(await cli('incr n', 'incr n', 'incr key', 'get', 'mget n none', 'del n key')).toEqual([
      ...['1', '2', 'ERR value is not an integer or out of range', ''],
      ...["ERR wrong number of arguments for 'get' command", '', '2', '', '2'],
    ]);
  });

  it('carries a megabyte', async () => {
    const value = Buffer.alloc(1_000_000, 'value');
    const set = await piped('redis-cli', ['-p', `${server.port}`, '-x', 'set', 'large'], value);
    expect(set.toString()).toBe('OK\n');
    const got = await piped('redis-cli', ['-p', `${server.port}`, 'get', 'large']);
    expect(got.equals(Buffer.concat([value, Buffer.from('\n')]))).toBe(true);
  });

  it('holds out against redis-benchmark, with pipelines', async () => {
    const load = ['-n', '20000', '-c', '20', '-P', '16', '-q', '-t', 'ping,set,get,incr'];
    const output = await piped('redis-benchmark', ['-p', `${server.port}`, ...load]);
    expect(output.toString().match(/requests per second/g)).toHaveLength(5);
    expect(await cli('get counter:__rand_int__')).toEqual(['20000']);
  });

  it.each([
    ['an array of no length', '*a\r\n', 'invalid length'],
    ['a bulk of a negative length', '*1\r\n$-1\r\n', 'invalid length'],
    ['an array of too many', '*1000000\r\n', 'invalid length'],
    ['no bulk', '*1\r\n:1\r\n', "expected '$'"],
    ['a length without an end', `*${'1'.repeat(40)}`, 'invalid length'],
    ['a bulk of two megabytes', '*1\r\n$2000000\r\n', 'invalid length'],
    ['a line of five megabytes', 'x'.repeat(5_000_000), 'longer than 4194304 bytes'],
  ])('answers %s with an error, and ends the connection', async (_name, bytes, error) => {
    const peer = connect(server.port, '127.0.0.1');
    peer.write(`PING\r\n${bytes}`);
    const answer = (await receivedBy(peer)).toString();
    expect(answer).toMatch(/^\+PONG\r\n-ERR Protocol error: [^\r\n]*\r\n$/);
    expect(answer).toContain(error);
  });
});
