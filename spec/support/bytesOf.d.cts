import type { Socket } from 'node:net';

/** The next bytes that a peer receives: so many, or those that come before its end. */
export function bytesOf(peer: Socket, count: number): Promise<Buffer>;
