'use strict';

// METHOD=poll or METHOD=select: every base of the specs, and of the programs that they start, uses
// that method, unless it says itself which ones it avoids or what it needs, or that JavaScript's thread turns
// it, which takes epoll. THREADS=0: every base of theirs that does not say who turns it is turned by
// JavaScript's thread; THREADS=1: by a thread.
// Loaded by jest.config.js.

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const addon = join(__dirname, '../../native/build/Release/rxjs_libevent.node');
const method = process.env.METHOD;
const threads = process.env.THREADS;

if ((method || threads) && existsSync(addon)) {
  // The exports of the addon exist once in an environment, however often it is loaded.
  const native = require(addon);
  const { Reactor } = native;
  const known = native.supportedMethods();
  if (method && !known.includes(method)) {
    throw new Error(`METHOD must be one of ${known.join(', ')}, got ${method}`);
  }
  const { turner } = native.layout;
  const turners = { 0: turner.javaScript, 1: turner.thread };
  if (threads && !(threads in turners)) {
    throw new Error(`THREADS must be one of ${Object.keys(turners).join(', ')}, got ${threads}`);
  }
  const others = known.filter((name) => name !== method);
  if (!Reactor.isVaried) {
    native.Reactor = function VariedReactor(options, ...rest) {
      const varied = { ...options };
      const { avoidMethods, features, readEnvironment } = options ?? {};
      const free = avoidMethods?.length === 0 && features === 0 && readEnvironment === false;
      if (method && free && options.turner !== turner.javaScript) varied.avoidMethods = others;
      if (threads && free && options.turner === turner.either) varied.turner = turners[threads];
      return new Reactor(varied, ...rest);
    };
    native.Reactor.isVaried = true;
  }
}
