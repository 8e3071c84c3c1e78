/**
 * One node of a chat over several processes and machines; `chat-cluster` starts some, with a NATS.
 *
 * Rooms are on NATS, with their history. Guests may come to any node, and to another one when theirs is
 * gone: `pipelines/clusterGuest.ts` says how they speak. Without NATS a node says so, and waits.
 */
import { map, Observable, retry, takeUntil, timer } from 'rxjs';
import { clusterGuest } from './pipelines/clusterGuest';
import { Rooms } from './pipelines/Rooms';
import { hostAndPort } from './support/hostAndPort';
import { interrupted } from './support/interrupted';
import { serverCommand, type ServerOptions } from './support/serverOptions';
import { Site } from './support/Site';

interface ChatNodeOptions extends ServerOptions {
  readonly nats: ReturnType<typeof hostAndPort>;
}

const AGAIN_AFTER_MS = 250;

const options = serverCommand('chat-node', 'A node of a chat, with its rooms on NATS.')
  .requiredOption('--nats <host:port>', 'a NATS server with JetStream', hostAndPort)
  .parse()
  .opts<ChatNodeOptions>();
const site = new Site(options);
const { say } = site.live;
const stop = interrupted();
const server = `${options.nats.host}:${String(options.nats.port)}`;

new Observable<Rooms>((subscriber) => {
  Rooms.open(server, say).then(
    (rooms) => {
      // The node may have been stopped meanwhile.
      if (subscriber.closed) void rooms.close();
      subscriber.next(rooms);
    },
    (error: unknown) => {
      subscriber.error(error);
    },
  );
})
  .pipe(
    retry({
      delay: (error: Error) => {
        say(`NATS at ${server}: ${error.message}; trying again`);
        return timer(AGAIN_AFTER_MS);
      },
    }),
    map((rooms) => {
      site.serve(
        (conn) => clusterGuest(conn, rooms).pipe(takeUntil(stop)),
        () => void rooms.close(),
      );
    }),
    takeUntil(stop),
  )
  .subscribe();
