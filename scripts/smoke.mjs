// node scripts/smoke.mjs: the built package on this version of Node, by require and by import, and a line
// there and back, plain, over TLS by each engine, and by HTTP. Runs wherever the addon loads, so it is how other
// versions and other runtimes are tried. On Node it fails where the reactors no longer reach its OpenSSL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { firstValueFrom, lastValueFrom, map, toArray } from 'rxjs';
import * as testing from 'rxjs-libevent/testing';

const require = createRequire(import.meta.url);
const runtime = ['bun', 'deno'].find((name) => name in process.versions) ?? 'node';

// The marble kit first: it must not need the addon.
const { dlopen } = process;
process.dlopen = () => assert.fail('rxjs-libevent/testing loads native code');
assertSame(testing, require('rxjs-libevent/testing'));
process.dlopen = dlopen;

const library = await import('rxjs-libevent');
assertSame(library, require('rxjs-libevent'));
const streams = await import('rxjs-libevent/streams');
assertSame(streams, require('rxjs-libevent/streams'));

const { EventBase, lines, mergeMapHeld, sendTo, serve } = library;

// Only Node has a loop in which JavaScript's thread can turn a base, and signals.
if (runtime !== 'node') {
  assert.throws(() => new EventBase({ threads: 0 }), { code: 'ENOTSUP' });
  const refused = firstValueFrom(EventBase.default.signal('SIGUSR2'));
  await assert.rejects(refused, { code: 'ENOTSUP' });
  await EventBase.default.close();
}

// Whichever thread turns the base.
for (const threads of runtime === 'node' ? ['auto', 0, 1] : ['auto', 1]) {
  const base = new EventBase({ threads });
  assert.equal(await answerOf(base, connect, {}), 'Uryyb, Jbeyq!\n');
  const [one, other] = base.pair();
  other.next('1\n2\n3\n');
  other.complete();
  const doubled = one.pipe(
    lines(),
    mergeMapHeld(async (line) => line + line, 1),
    toArray(),
  );
  assert.deepEqual(await lastValueFrom(doubled), ['11', '22', '33']);
  one.complete();
  await firstValueFrom(base.timer(1));
  await base.close();
}

/** Of the connections that have been secured. */
const engines = [];
const base = new EventBase();
assert.equal(await answerOverHttp(), 'Hello from /path');
const engine = await checkTls();
await base.close();

console.log(`smoke: ${runtime} ${process.versions[runtime]} ok, TLS by ${engine}`);

/** What a rot13 server says to a client of Node's. */
async function answerOf(where, open, config) {
  const listener = where.listen({ host: '127.0.0.1', port: 0, ...config });
  const server = listener
    .pipe(
      serve((conn) => {
        if (conn.tls) engines.push(conn.tls.engine);
        return conn.pipe(lines(), map(rot13), sendTo(conn));
      }),
    )
    .subscribe({ error: (error) => assert.fail(error) });
  const { port } = await firstValueFrom(listener.bound);
  const client = open({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('utf8');
  // Bun's TLSSocket ends itself at the peer's close_notify: see docs/tls.md.
  const halfCloses = runtime !== 'bun' || open === connect;
  client.write('Hello, World!\n');
  if (halfCloses) client.end();
  let answer = '';
  client.on('data', (text) => {
    answer += text;
    if (!halfCloses && answer.endsWith('\n')) client.end();
  });
  await once(client, 'end');
  server.unsubscribe();
  return answer;
}

/** Of a server of Node's, over a connection. */
async function answerOverHttp() {
  const server = createServer((request, response) => response.end(`Hello from ${request.url}`));
  server.emit('listening');
  const listener = base.listen({ host: '127.0.0.1' });
  const listening = listener.subscribe((conn) =>
    server.emit('connection', streams.toDuplex(conn, { allowHalfOpen: true })),
  );
  const { port } = await firstValueFrom(listener.bound);
  const [answer] = await once(
    get({ host: '127.0.0.1', port, path: '/path', agent: false }),
    'response',
  );
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  listening.unsubscribe();
  return text;
}

/** Over TLS, by the engine that is chosen, which it returns, and by node:tls. */
async function checkTls() {
  const command =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout - -out -';
  const pem = execFileSync('openssl', command.split(' '), { stdio: 'pipe' });
  const identity = { key: pem, cert: pem };
  const [chosen, other] = [
    await answerOf(base, connectTls, { tls: identity }),
    await answerOf(base, connectTls, { tls: { ...identity, engine: 'node' } }),
  ].map((answer) => {
    assert.equal(answer, 'Uryyb, Jbeyq!\n');
    return engines.shift();
  });
  assert.deepEqual([chosen, other], [runtime === 'node' ? 'reactor' : 'node', 'node']);
  return chosen;
}

// Node adds names to the namespace of a CommonJS module.
function assertSame(imported, required) {
  const names = Object.keys(required);
  assert.ok(names.length > 0);
  for (const name of names) assert.equal(imported[name], required[name], name);
}

function rot13(line) {
  const text = line.toString().replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
  return `${text}\n`;
}
