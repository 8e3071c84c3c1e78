import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Everything that a peer receives until the FIN; rejects when it is reset. */
export async function receivedBy(peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(peer, 'end');
  return Buffer.concat(chunks);
}

/** The next bytes that a peer receives, exactly so many. */
export function bytesOf(peer: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = bytes;
  return new Promise((resolve) => {
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk.subarray(0, missing));
      const rest = chunk.subarray(missing);
      missing -= chunk.length - rest.length;
      if (missing > 0) return;
      peer.off('data', onData);
      peer.pause();
      if (rest.length > 0) peer.unshift(rest);
      resolve(Buffer.concat(chunks));
    };
    peer.on('data', onData);
    peer.resume();
  });
}

/** Bytes that differ wherever they stand, so that a gap or a swap shows. */
export function pattern(bytes: number, start = 0): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let index = 0; index < bytes; index += 1) {
    const at = start + index;
    buffer[index] = (at ^ (at >>> 8) ^ (at >>> 16)) & 0xff;
  }
  return buffer;
}
