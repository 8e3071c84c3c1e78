import { join } from 'node:path';
import { benchFolder, binFolder, bun } from './paths.mjs';

const inC = (program) => [join(binFolder, program)];
const inBun = (framing) => [bun, join(benchFolder, 'peers/bun.mjs'), '--framing', framing];
const inNode = (script) => [process.execPath, '--expose-gc', join(benchFolder, 'peers', script)];

/**
 * Who is measured. `server` and `timers` are command lines (see ../README.md for what they must do);
 * a peer without one of them is left out where it would be needed. `modes`: all that the server has, if not
 * every one; `needs`: a program without which the peer is left out; `tls`: it can secure what it serves.
 */
export const peers = [
  {
    name: 'epoll',
    title: 'C on raw epoll',
    server: inC('epoll_server'),
  },
  {
    name: 'libevent',
    title: 'C on libevent',
    server: inC('libevent_server'),
    timers: inC('timers'),
  },
  {
    name: 'net-plain',
    title: 'net',
    node: true,
    tls: true,
    server: inNode('net-plain.mjs'),
    timers: inNode('timers-node.mjs'),
  },
  {
    name: 'net-rxjs-corked',
    title: 'net + RxJS, corked',
    node: true,
    server: inNode('net-rxjs-corked.mjs'),
  },
  {
    name: 'net-rxjs-idiomatic',
    title: 'net + RxJS',
    node: true,
    server: inNode('net-rxjs-idiomatic.mjs'),
    timers: inNode('timers-rxjs.mjs'),
  },
  {
    name: 'bun',
    title: 'Bun, chunks',
    server: inBun('chunks'),
    needs: bun,
  },
  {
    name: 'bun-lines',
    title: 'Bun, lines',
    server: inBun('lines'),
    modes: ['rot13'],
    needs: bun,
  },
  {
    name: 'rxjs-libevent',
    title: 'rxjs-libevent',
    node: true,
    tls: true,
    server: inNode('rxjs-libevent.mjs'),
    timers: inNode('timers-rxjs-libevent.mjs'),
  },
  {
    name: 'rxjs-libevent-strings',
    title: 'rxjs-libevent, lines as strings',
    node: true,
    server: [...inNode('rxjs-libevent.mjs'), '--strings'],
    modes: ['rot13'],
  },
  {
    name: 'sample',
    title: 'npm start',
    node: true,
    server: inNode('sample.mjs'),
    modes: ['rot13'],
  },
  ...[0, 1, 2].map((threads) => ({
    name: `rxjs-libevent-${threads}`,
    title: `rxjs-libevent, threads: ${threads}`,
    node: true,
    tls: true,
    server: [...inNode('rxjs-libevent.mjs'), '--threads', String(threads)],
  })),
];
