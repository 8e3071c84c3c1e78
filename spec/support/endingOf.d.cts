import type { Socket } from 'node:net';

/** How the other end has ended a connection: `'end'` for a FIN, or the code of the error. */
export function endingOf(peer: Socket): Promise<string>;
