// node --require over-libevent.cjs: each http server of the process listens by libevent, and gets its connections as
// streams. What a server of `net` says of its address and of its state, it says of the listener.
const { Server } = require('node:http');
const { EventBase } = require('rxjs-libevent');
const { toDuplex } = require('rxjs-libevent/streams');

const base = new EventBase();
const sites = new WeakMap();

Server.prototype.listen = function listen(...given) {
  const [first, second] = given;
  let options = { port: first, host: second };
  if (typeof first === 'object' && first !== null) options = first;
  else if (typeof first === 'string' && !/^\d+$/.test(first)) options = { path: first };
  const callback = given.find((one) => typeof one === 'function');
  if (callback !== undefined) this.once('listening', callback);
  const where =
    options.path === undefined ? { port: Number(options.port ?? 0) } : { path: options.path };
  if (typeof options.host === 'string') where.host = options.host;
  const listener = base.listen({ ...where, allowHalfOpen: true });
  const site = { address: null, open: new Set(), listener, listening: undefined };
  sites.set(this, site);
  listener.bound.subscribe({
    next: ({ address, family, port }) => {
      site.address = family === 'unix' ? address : { address, family, port };
      this.emit('listening');
    },
    error: () => {},
  });
  site.listening = listener.subscribe({
    next: (connection) => {
      const duplex = toDuplex(connection, { allowHalfOpen: true });
      site.open.add(duplex);
      duplex.on('close', () => {
        site.open.delete(duplex);
        site.whenEmpty?.();
      });
      this.emit('connection', duplex);
    },
    error: (error) => this.emit('error', error),
  });
  return this;
};

Server.prototype.unref = function unref() {
  sites.get(this)?.listener.unref();
  return this;
};

Server.prototype.ref = function ref() {
  sites.get(this)?.listener.ref();
  return this;
};

Object.defineProperty(Server.prototype, 'listening', {
  get() {
    return sites.get(this)?.address != null;
  },
});

Server.prototype.address = function address() {
  return sites.get(this)?.address ?? null;
};

Server.prototype.close = function close(callback) {
  const site = sites.get(this);
  if (site?.address == null) {
    const error = Object.assign(new Error('Server is not running.'), {
      code: 'ERR_SERVER_NOT_RUNNING',
    });
    if (callback !== undefined) process.nextTick(callback, error);
    return this;
  }
  if (callback !== undefined) this.once('close', callback);
  site.address = null;
  site.whenEmpty = () => {
    if (site.open.size > 0) return;
    site.whenEmpty = undefined;
    this.emit('close');
  };
  // It accepts no more; its connections stay.
  site.listening.unsubscribe();
  this.closeIdleConnections();
  setImmediate(() => site.whenEmpty?.());
  return this;
};
