import { combineLatest, firstValueFrom, Subscription } from 'rxjs';
import type {
  AddressInfo,
  ConnectConfig,
  Connection,
  EventBase,
  ListenConfig,
} from 'rxjs-libevent';

/** Two ends of one TCP connection, both of this library. */
export interface Joined {
  /** The one that has connected. */
  readonly client: Connection;
  /** The one that was accepted. */
  readonly server: Connection;
  readonly address: AddressInfo;
  /** Ends the listener and both. */
  readonly subscription: Subscription;
}

/** Connects two ends over loopback. */
export async function joined(
  base: EventBase,
  options: {
    readonly client?: Partial<ConnectConfig>;
    readonly server?: Partial<ListenConfig>;
  } = {},
): Promise<Joined> {
  const subscription = new Subscription();
  const listener = base.listen({
    host: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    ...options.server,
  });
  const accepted = new Promise<Connection>((resolve, reject) => {
    subscription.add(listener.subscribe({ next: resolve, error: reject }));
  });
  const address = await firstValueFrom(listener.bound);
  const connected = new Promise<Connection>((resolve, reject) => {
    const { port } = address;
    subscription.add(
      base
        .connect({ host: '127.0.0.1', port, allowHalfOpen: true, ...options.client })
        .subscribe({ next: resolve, error: reject }),
    );
  });
  const [client, server] = await firstValueFrom(combineLatest([connected, accepted]));
  subscription.add(() => {
    client.destroy();
    server.destroy();
  });
  return { client, server, address, subscription };
}
