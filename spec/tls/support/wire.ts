import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { HOST } from './servers';

/** A proxy between two sockets, which a test cuts, stops or changes at will. */
export interface Wire {
  readonly port: number;
  /** Of the connection to it: towards the client, and towards the server. */
  readonly pair: Promise<[near: Socket, far: Socket]>;
  close(): void;
}

export async function wire(port: number): Promise<Wire> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, HOST);
  await once(server, 'listening');
  const pair = (once(server, 'connection') as Promise<[Socket]>).then(
    async ([near]): Promise<[Socket, Socket]> => {
      const far = connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
      near.setNoDelay();
      near.on('error', () => {});
      far.on('error', () => {});
      await once(far, 'connect');
      near.pipe(far);
      far.pipe(near);
      return [near, far];
    },
  );
  return { port: (server.address() as AddressInfo).port, pair, close: () => server.close() };
}
