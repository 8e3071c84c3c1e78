import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Everything that a peer receives until the FIN; rejects when it is reset. */
export async function receivedBy(peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(peer, 'end');
  return Buffer.concat(chunks);
}
