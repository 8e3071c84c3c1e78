import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { CHUNK_BYTES, TOTAL_BYTES } from './sizes.mjs';

const CONNECTIONS = 50;
/** `wrk` is given a time and no number of requests: this many, or a few more, are what it makes in a second. */
const WRK_REQUESTS_A_SECOND = 25_000;

const json = JSON.stringify({ pattern: 'sum', data: [1, 2, 3], id: '123456789012345678901' });

/** A question of each kind, and what its answer ends with. */
const questions = {
  http: ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'Hello, World!'],
  rpc: [`${json.length}#${json}`, '}'],
};

/**
 * Puts load on a server.
 *
 * @param kind http, wrk (the same by `wrk`) and rpc: 50 connections with one request each under way; out and
 *   in: one bulk transfer
 * @returns how many requests, or MB, there were
 */
export async function load(kind, port, requests) {
  if (kind in questions) return ask(questions[kind], port, requests);
  if (kind === 'wrk') return wrk(port, Math.max(1, Math.round(requests / WRK_REQUESTS_A_SECOND)));
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  if (kind === 'out') {
    for await (const chunk of socket) void chunk;
  } else {
    const chunk = Buffer.alloc(CHUNK_BYTES, 'in');
    for (let bytes = 0; bytes < TOTAL_BYTES; bytes += CHUNK_BYTES) {
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    socket.end();
    socket.resume();
    await once(socket, 'end');
  }
  return TOTAL_BYTES / 2 ** 20;
}

async function wrk(port, seconds) {
  const url = `http://127.0.0.1:${port}/`;
  const args = ['-t', '1', '-c', String(CONNECTIONS), '-d', String(seconds), url];
  const { stdout } = await promisify(execFile)('wrk', args);
  const errors = /Socket errors:.*|Non-2xx.*/.exec(stdout);
  if (errors !== null) throw new Error(errors[0]);
  return Number(/(\d+) requests in/.exec(stdout)[1]);
}

/** All answers to one question are of one length, which the first one says. */
async function ask([question, end], port, requests) {
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  let asked = 0;
  await Promise.all(
    sockets.map(async (socket) => {
      socket.write(question);
      let text = '';
      while (!text.endsWith(end)) text += String((await once(socket, 'data'))[0]);
      const { length } = text;
      let missing = length;
      socket.write(question);
      await new Promise((resolve) => {
        socket.on('data', (chunk) => {
          missing -= chunk.length;
          if (missing > 0) return;
          missing = length;
          asked += 1;
          if (asked <= requests) socket.write(question);
          else resolve();
        });
      });
    }),
  );
  for (const socket of sockets) socket.destroy();
  return asked;
}
