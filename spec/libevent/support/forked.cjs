// A child process of Node's own kind, with a base of its own: greets the first client.
'use strict';

const { EventBase } = require('rxjs-libevent');

const base = new EventBase();
const listener = base.listen({ host: '127.0.0.1', port: 0 });
const listening = listener.subscribe((connection) => {
  connection.next('hello from the child');
  connection.complete();
  connection.subscribe();
  connection.whenClosed.subscribe(() => {
    listening.unsubscribe();
    process.disconnect();
  });
});
listener.bound.subscribe(({ port }) => process.send(port));
