// node file-server.mjs FILE: sends FILE to every client, by sendFile.
import { EventBase, serve } from 'rxjs-libevent';

const [, , file] = process.argv;
const listener = new EventBase().listen({ host: '127.0.0.1', port: 0 });
listener.bound.subscribe(({ port }) => console.log(`listening on 127.0.0.1:${port}`));
const onError = (error) => console.error(String(error));
listener.pipe(serve((connection) => connection.sendFile(file), { onError })).subscribe();
