import { Faults } from '../support/Faults';
import { reportOf } from './support/reportOf';

const faults = new Faults();
afterAll(() => faults.remove());

/** The same with a connection that others do not share the fault of: the base goes on. */
const goesOn = `
  faults.lift('epoll_ctl');
  const next = await world.pair();
  next.conn.subscribe(next.conn);
  next.peer.write('on');
  const on = (await bytesOf(next.peer, 2)).toString();`;

describe('failures: what cannot be watched ends with its errno', () => {
  it('an accepted connection', async () => {
    const result = await reportOf(
      faults,
      `
      faults.fail('epoll_ctl', 'ENOSPC');
      const { conn, peer } = await world.pair();
      const ended = unlessSilent(endOf(conn));
      conn.subscribe({ error: () => {} });
      peer.write('x');
      const how = await ended;
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('a connection that connects', async () => {
    const result = await reportOf(
      faults,
      `
      faults.fail('epoll_ctl', 'ENOSPC');
      const connected = world.base.connect({ host: '127.0.0.1', port: world.port });
      const how = await unlessSilent(ending(connected));
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('a listener', async () => {
    const result = await reportOf(
      faults,
      `
      faults.fail('epoll_ctl', 'ENOSPC');
      const how = await unlessSilent(ending(world.base.listen({ host: '127.0.0.1' })));
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('output that has to wait', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      // Not watched for input, or the kernel would only have to change what it watches.
      conn.hold();
      await world.rounds();
      peer.write('some');
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      const peerEnding = endingOf(peer);
      faults.fail('epoll_ctl', 'ENOSPC');
      conn.next(Buffer.alloc(12 << 20));
      const how = await ended;
      ${goesOn}
      report({ how, on, peer: how === 'silence' ? '' : await peerEnding });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on', peer: 'ECONNRESET' });
  });

  it('the death of a connection that is held', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      conn.next('');
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      conn.hold();
      await world.rounds();
      faults.fail('epoll_ctl', 'ENOSPC');
      peer.write('unread');
      const how = await ended;
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('the death of a connection, where the system has no set for it', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const hangup = new Promise((resolve) =>
        conn.events.subscribe(({ type }) => type === 'hangup' && resolve(type)));
      const ended = unlessSilent(Promise.race([endOf(conn), hangup]));
      conn.hold();
      await world.rounds();
      faults.fail('epoll_create1', 'EMFILE');
      peer.write('unread');
      await world.rounds();
      peer.resetAndDestroy();
      report(await ended);`,
    );
    // It fails at once, or its end is seen by other means.
    expect(['EMFILE', 'hangup']).toContain(result);
  });

  it('a connection that goes on reading after a hold', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const release = conn.hold();
      await world.rounds();
      peer.write('some');
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      faults.fail('epoll_ctl', 'ENOSPC');
      release();
      const how = await ended;
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('a connection that gets a rate limit', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      faults.fail('epoll_ctl', 'ENOSPC');
      conn.socket.setRateLimit({ readBytesPerSecond: 1e6 });
      peer.write('some');
      const how = await ended;
      ${goesOn}
      report({ how, on });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', on: 'on' });
  });

  it('a connection that lingers', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      conn.hold();
      peer.write('unread');
      await world.rounds();
      faults.fail('epoll_ctl', 'ENOSPC');
      const ended = unlessSilent(endOf(conn).then(() => 'closed'));
      conn.close(600_000);
      report(await ended);`,
    );
    expect(result).toBe('closed');
  });

  it('a descriptor, and a signal', async () => {
    const result = await reportOf(
      faults,
      `
      faults.fail('epoll_ctl', 'ENOSPC');
      const { fd } = require('node:net').createServer().listen(0)._handle;
      const how = await unlessSilent(ending(world.base.fd(fd)));
      const signal = await unlessSilent(ending(world.base.signal('SIGUSR2')));
      report({ how, signal });`,
    );
    expect(result).toEqual({ how: 'ENOSPC', signal: 'ENOSPC' });
  });
});
