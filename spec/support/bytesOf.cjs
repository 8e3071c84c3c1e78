'use strict';

/** The next bytes that a peer receives: `count` of them, or those that come before its end. */
exports.bytesOf = (peer, count) => {
  const chunks = [];
  let missing = count;
  return new Promise((resolve) => {
    const done = () => {
      peer.off('data', onData).off('end', done).off('close', done);
      peer.pause();
      resolve(Buffer.concat(chunks));
    };
    const onData = (data) => {
      chunks.push(data.subarray(0, missing));
      const rest = data.subarray(missing);
      missing -= data.length - rest.length;
      if (missing > 0) return;
      done();
      if (rest.length > 0) peer.unshift(rest);
    };
    peer.on('data', onData).once('end', done).once('close', done).resume();
  });
};
