import { join } from 'node:path';
import { benchFolder, binFolder } from './paths.mjs';

const inC = (program) => [join(binFolder, program)];
const inNode = (script) => [process.execPath, '--expose-gc', join(benchFolder, 'peers', script)];

/**
 * Who is measured. `server` and `timers` are command lines (see ../README.md for what they must do);
 * a peer without one of them is left out where it would be needed.
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
    name: 'rxjs-libevent',
    title: 'rxjs-libevent, 1 thread',
    node: true,
    server: [...inNode('rxjs-libevent.mjs'), '--threads', '1'],
    timers: inNode('timers-rxjs-libevent.mjs'),
  },
  {
    name: 'rxjs-libevent-2',
    title: 'rxjs-libevent, 2 threads',
    node: true,
    server: [...inNode('rxjs-libevent.mjs'), '--threads', '2'],
  },
];
