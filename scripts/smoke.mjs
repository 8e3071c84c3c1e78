// node scripts/smoke.mjs: the built package on this version of Node, by require and by import, and a
// line there and back, plain and over TLS. Runs wherever the addon loads, so it is how other versions are
// tried.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { map } from 'rxjs';
import * as testing from 'rxjs-libevent/testing';

const require = createRequire(import.meta.url);

// The marble kit first: it must not need the addon.
const { dlopen } = process;
process.dlopen = () => assert.fail('rxjs-libevent/testing loads native code');
assertSame(testing, require('rxjs-libevent/testing'));
process.dlopen = dlopen;

const library = await import('rxjs-libevent');
assertSame(library, require('rxjs-libevent'));

const { lines, listen, sendTo, serve } = library;
assert.equal(await answerOf(connect, {}), 'Uryyb, Jbeyq!\n');
const command =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout - -out -';
const pem = execFileSync('openssl', command.split(' '), { stdio: 'pipe' });
assert.equal(await answerOf(connectTls, { tls: { key: pem, cert: pem } }), 'Uryyb, Jbeyq!\n');

console.log(`smoke: Node ${process.versions.node} ok`);

/** What a rot13 server says to a client of Node's. */
async function answerOf(open, config) {
  const listener = listen({ host: '127.0.0.1', port: 0, ...config });
  const bound = new Promise((resolve) => listener.bound.subscribe(resolve));
  const server = listener
    .pipe(serve((conn) => conn.pipe(lines(), map(rot13), sendTo(conn))))
    .subscribe({ error: (error) => assert.fail(error) });
  const { port } = await bound;
  const client = open({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('utf8');
  client.end('Hello, World!\n');
  let answer = '';
  client.on('data', (text) => (answer += text));
  await once(client, 'end');
  server.unsubscribe();
  return answer;
}

function assertSame(imported, required) {
  const names = Object.keys(required).sort();
  assert.deepEqual(Object.keys(imported).sort(), names);
  assert.notEqual(names.length, 0);
  for (const name of names) assert.equal(imported[name], required[name], name);
}

function rot13(line) {
  const text = line.toString().replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
  return `${text}\n`;
}
