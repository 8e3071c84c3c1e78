import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of everything that a peer receives until the FIN. */
export async function sha256Of(peer: Socket): Promise<string> {
  const hash = createHash('sha256');
  peer.on('data', (data) => hash.update(data)).resume();
  await once(peer, 'end');
  return hash.digest('hex');
}
