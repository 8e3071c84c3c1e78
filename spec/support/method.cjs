'use strict';

// METHOD=poll or METHOD=select: every base of the specs, and of the programs that they start, uses
// that method, unless it says itself which ones it avoids or what it needs. Loaded by jest.config.js.

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const addon = join(__dirname, '../../native/build/Release/rxjs_libevent.node');
const method = process.env.METHOD;

if (method && existsSync(addon)) {
  // The exports of the addon exist once in an environment, whoever has loaded it.
  const native = require(addon);
  const { Reactor } = native;
  const known = native.supportedMethods();
  if (!known.includes(method)) {
    throw new Error(`METHOD must be one of ${known.join(', ')}, got ${method}`);
  }
  const others = known.filter((name) => name !== method);
  if (!Reactor.ofMethod) {
    native.Reactor = function ReactorOfMethod(options, ...rest) {
      const { avoidMethods, features, readEnvironment } = options ?? {};
      const free = avoidMethods?.length === 0 && features === 0 && readEnvironment === false;
      return new Reactor(free ? { ...options, avoidMethods: others } : options, ...rest);
    };
    native.Reactor.ofMethod = method;
  }
}
