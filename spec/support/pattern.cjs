'use strict';

// Looked up once: a global costs much more than the multiplication where jest runs it.
const { imul } = Math;

/**
 * Bytes that differ at every place, so that a piece that is lost, doubled or moved shows: `bytes` of an
 * endless series, from a place in it.
 */
exports.pattern = (bytes, start = 0) => {
  // Memory of its own: a test may overwrite the pool.
  const buffer = Buffer.allocUnsafeSlow(bytes);
  for (let index = 0; index < bytes; index += 1) {
    let hash = imul(start + index, 0x85ebca6b);
    hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    buffer[index] = hash ^ (hash >>> 16);
  }
  return buffer;
};
