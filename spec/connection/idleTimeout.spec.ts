import { inspect } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { runChild } from '../lifecycle/support/Child';
import { Meeting } from './support/Meeting';

describe('idleTimeoutMs', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  const IDLE = { code: 'ETIMEDOUT', syscall: 'idle' };

  it('is an option of a pair, whose ends are idle on their own', async () => {
    const [one, other] = base.pair({ idleTimeoutMs: 20 });
    await Promise.all([firstValueFrom(one.whenClosed), firstValueFrom(other.whenClosed)]);
    expect([one.failure, other.failure]).toContainEqual(expect.objectContaining(IDLE));
  });

  it('is an option of adopt', async () => {
    const meeting = await Meeting.open();
    const { connection } = await meeting.meet();
    const adopted = base.adopt(connection.socket.fd, { idleTimeoutMs: 20 });
    await expect(firstValueFrom(adopted)).rejects.toMatchObject(IDLE);
    expect(connection.closed).toBe(false);
    await meeting.close();
  });

  it('is an option of open', async () => {
    const meeting = await Meeting.open();
    const target = { host: '127.0.0.1', port: meeting.port };
    const conn = await base.open({ ...target, idleTimeoutMs: 20 });
    await expect(firstValueFrom(conn)).rejects.toMatchObject(IDLE);
    await meeting.close();
  });

  it('says its bounds and its unit', () => {
    const [conn] = base.pair();
    const said = 'idleTimeoutMs must be a whole number of ms from 0 to 2147483647, got -1';
    expect(() => base.pair({ idleTimeoutMs: -1 })).toThrow(new RangeError(said));
    expect(() => {
      conn.setTimeouts({ idleTimeoutMs: -1 });
    }).toThrow(new RangeError(said));
    conn.destroy();
  });

  it('has one timer for all connections of a reactor, and none when they are gone', async () => {
    const handlers = (): number => Number(/handlers: (\d+)/.exec(inspect(base))?.[1]);
    const pairs = Array.from({ length: 10 }, () => base.pair({ idleTimeoutMs: 60_000 }));
    expect(handlers()).toBe(21);
    const closed = pairs.flat().map(({ whenClosed }) => firstValueFrom(whenClosed));
    for (const [one] of pairs) one.destroy();
    for (const [, other] of pairs) other.destroy();
    await Promise.all(closed);
    while (handlers() > 0) await new Promise(setImmediate);
  });

  it('does not keep a process alive for a connection that does not', async () => {
    const { code, stdout } = await runChild(`
      const { EventBase } = require('rxjs-libevent');
      for (const end of new EventBase().pair({ idleTimeoutMs: 2 ** 31 - 1 })) end.unref();
      console.log('unreferenced');
    `);
    expect([code, stdout]).toEqual([0, 'unreferenced\n']);
  });
});
