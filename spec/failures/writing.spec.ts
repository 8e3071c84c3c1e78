import { Faults } from '../support/Faults';
import { reportOf } from './support/reportOf';

const faults = new Faults();
afterAll(() => faults.remove());

describe('failures: a local error of the output fails the connection, with RST', () => {
  it.each(['EFAULT', 'EBADF', 'ENOBUFS', 'ENOMEM', 'EPERM'])('%s of send', async (code) => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      const peerEnding = endingOf(peer);
      faults.fail('send', '${code}', { times: 1 });
      conn.next('x');
      const how = await ended;
      report({ how, peer: how === 'silence' ? '' : await peerEnding });`,
    );
    expect(result).toEqual({ how: code, peer: 'ECONNRESET' });
  });

  it.each(['EFAULT', 'EBADF', 'ENOBUFS'])(
    '%s of writev, of output that has waited',
    async (code) => {
      const result = await reportOf(
        faults,
        `
      const { conn, peer } = await world.slowPair();
      conn.subscribe({ error: () => {} });
      const ended = unlessSilent(endOf(conn));
      const peerEnding = endingOf(peer);
      faults.fail('writev', '${code}', { times: 1 });
      faults.fail('send', '${code}', { times: 1 });
      // The kernel has room again only when much of it has been read.
      peer.on('data', () => {});
      const how = await ended;
      report({ how, peer: how === 'silence' ? '' : await peerEnding });`,
      );
      expect(result).toEqual({ how: code, peer: 'ECONNRESET' });
    },
  );

  it('EIO of sendfile', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      const ended = unlessSilent(endOf(conn));
      const peerEnding = endingOf(peer);
      faults.fail('sendfile', 'EIO', { times: 1 });
      const sending = unlessSilent(ending(conn.sendFile('package.json')));
      const how = await ended;
      report({ how, sending: await sending, peer: how === 'silence' ? '' : await peerEnding });`,
    );
    expect(result).toEqual({ how: 'EIO', sending: 'EIO', peer: 'ECONNRESET' });
  });

  it('of shutdown', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn, peer } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      const peerEnding = endingOf(peer);
      faults.fail('shutdown', 'ENOBUFS', { times: 1 });
      conn.complete();
      const how = await ended;
      report({ how, peer: how === 'silence' ? '' : await peerEnding });`,
    );
    expect(result).toEqual({ how: 'ENOBUFS', peer: 'ECONNRESET' });
  });

  it('of a number that the program has closed', async () => {
    const result = await reportOf(
      faults,
      `
      const { conn } = await world.pair();
      conn.subscribe({ error: () => {} });
      await world.rounds();
      const ended = unlessSilent(endOf(conn));
      require('node:fs').closeSync(conn.socket.fd);
      conn.next('x');
      report(await ended);`,
    );
    expect(result).toBe('EBADF');
  });
});
