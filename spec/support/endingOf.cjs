// How the other end of a connection of Node's has ended it.
'use strict';

const { readFileSync } = require('node:fs');

/**
 * `'end'` for a FIN, or the code of the error. Where a reset comes right behind the last bytes,
 * libuv says EOF. The kernel has forgotten such a socket; one with a FIN waits for its own end.
 */
function endingOf(peer) {
  peer.resume();
  return new Promise((resolve) => {
    peer.once('end', () => resolve(peer.writableEnded || isThere(peer) ? 'end' : 'ECONNRESET'));
    peer.once('error', ({ code }) => resolve(code));
  });
}

/**
 * What connects has a local port of its own; what has none is no TCP socket. The port may have been that of
 * another, which lingers in TIME_WAIT: one that has had a FIN and can still write is in CLOSE_WAIT, 08.
 */
function isThere({ localPort }) {
  if (localPort === undefined) return true;
  const port = localPort.toString(16).toUpperCase().padStart(4, '0');
  const own = new RegExp(`^ *\\d+: \\w+:${port} \\w+:\\w+ 08 `, 'm');
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((file) => own.test(readFileSync(file, 'latin1')));
}

module.exports = { endingOf };
