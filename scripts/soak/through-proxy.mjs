// node scripts/soak/through-proxy.mjs [SECONDS]: other people's programs through the proxy sample. iperf3 both
// ways and with several streams, memcached under memcaslap, which verifies what it reads, and
// memccapable, which tries every command. Needs the Debian packages iperf3, memcached and
// libmemcached-tools.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { proxy } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

setUp({ programs: 'samples' });
const seconds = Number(process.argv[2] ?? 10);
await iperf();
await memcached();
finish();

async function iperf() {
  for (const [name, ...args] of [
    ['one stream'],
    ['eight streams', '-P', '8'],
    ['one stream, from the server', '-R'],
  ]) {
    console.log(`\niperf3, ${name}`);
    // One test to a server, or the streams of two could be mixed.
    const { port, server, relay } = await behindProxy('iperf3', (free) => ['-s', '-1', '-p', free]);
    const target = ['-c', '127.0.0.1', '-p', String(port), '-t', String(seconds), '-J'];
    const { code, output } = await Program.run('iperf3', ...target, ...args);
    const result = JSON.parse(output);
    check('no error', code === 0 && result.error === undefined);
    const { sum_sent: sent, sum_received: received } = result.end;
    report('throughput', received.bits_per_second / 8e6, 'MB/s');
    report('sent', sent.bytes / 1e6, 'MB');
    // The receiver stops counting when the sender says that its time is over, on another connection.
    report('not counted when time was over', (sent.bytes - received.bytes) / 1e6, 'MB');
    report('peak RSS of the proxy', relay.peakRss, 'MB');
    await relay.stop();
    await server.stop();
  }
}

async function memcached() {
  console.log('\nmemcached');
  // Room for all that is set: what it evicts would be missing, and say nothing about the proxy.
  const args = (free) => ['-m', '4096', '-u', 'root', '-l', '127.0.0.1', '-U', '0', '-p', free];
  const { port, server, relay } = await behindProxy('memcached', args);
  const target = `127.0.0.1:${port}`;
  const slap = ['-s', target, '-t', `${seconds}s`, '-c', '32', '-T', '2', '-v', '0.5'];
  const { code, output } = await Program.run('memcaslap', ...slap);
  const figure = (name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(output)?.[1]);
  check('memcaslap: no error', code === 0 && figure('written_bytes') > 0);
  report('memcaslap: values that were wrong', figure('verify_failed'), '', 0);
  report('memcaslap: values that were missing', figure('verify_misses'), '', 0);
  report('memcaslap: operations', figure('cmd_get') + figure('cmd_set'), '');
  const stats = await statsOf(server.port);
  check('memcached: nothing evicted', stats.evictions === 0);
  check('bytes sent and bytes read are equal', stats.bytes_read === figure('written_bytes'));
  const capable = await Program.run('memccapable', '-h', '127.0.0.1', '-p', String(port));
  console.log(capable.output.trim().split('\n').slice(-1)[0]);
  check('memccapable: every command', capable.code === 0 && !/\[FAIL\]/i.test(capable.output));
  await relay.stop();
  await server.stop();
}

/** The counters of memcached; the question itself is not counted. */
async function statsOf(port) {
  const question = 'stats\r\n';
  const socket = connect(port, '127.0.0.1');
  socket.write(question);
  let text = '';
  while (!text.endsWith('END\r\n')) text += (await once(socket, 'data'))[0];
  socket.destroy();
  const lines = [...text.matchAll(/^STAT (\S+) (\d+)\r$/gm)];
  const stats = Object.fromEntries(lines.map(([, name, value]) => [name, Number(value)]));
  return { ...stats, bytes_read: stats.bytes_read - question.length };
}

/** Starts a program that listens on a port, and the proxy in front of it. */
async function behindProxy(command, args) {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const free = String(probe.address().port);
  probe.close();
  await once(probe, 'close');
  const server = Program.started(command, ...args(free));
  server.port = Number(free);
  if (command === 'memcached') while (!(await listens(free))) await delay(50);
  else await delay(500);
  const relay = await Program.listening(proxy, '--port', '0', '--to', `127.0.0.1:${free}`);
  return { port: relay.port, server, relay };
}

async function listens(port) {
  const socket = connect(port, '127.0.0.1');
  const listening = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return listening;
}
