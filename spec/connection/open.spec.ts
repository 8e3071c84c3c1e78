import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import { EventBase, lines } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';

describe('base.open', () => {
  let meeting: Meeting;
  let client: EventBase;

  beforeEach(async () => {
    meeting = await Meeting.open();
    client = new EventBase();
  });

  afterEach(async () => {
    await client.close();
    await meeting.close();
  });

  const target = () => ({ host: '127.0.0.1', port: meeting.port });

  it('gives a connection that stays open until its owner closes it', async () => {
    const accepted = firstValueFrom(meeting.accepted);
    const conn = await client.open(target());
    const peer = await accepted;
    peer.next('hello\n');
    await expect(firstValueFrom(conn.pipe(lines()))).resolves.toBe('hello');
    expect(conn.closed).toBe(false);
    const ended = firstValueFrom(peer, { defaultValue: 'FIN' });
    await conn[Symbol.asyncDispose]();
    expect([conn.closed, await ended]).toEqual([true, 'FIN']);
    await conn[Symbol.asyncDispose]();
  });

  it('rejects with what connecting fails with', async () => {
    const { port } = meeting;
    await meeting.close();
    await expect(client.open({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('rejects when the base is closed meanwhile, and when it is aborted', async () => {
    const aborted = client.open({ ...target(), signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    const opening = expect(client.open(target())).rejects.toMatchObject({
      code: 'ERR_BASE_CLOSED',
    });
    await client.close();
    await opening;
  });

  it('T1: disposing rejects when output has not been sent', async () => {
    const peer = meeting.peer();
    const accepted = firstValueFrom(meeting.accepted);
    await once(peer, 'connect');
    const conn = await accepted;
    peer.pause();
    conn.next(Buffer.alloc(16 << 20));
    const disposing = conn[Symbol.asyncDispose]();
    conn.destroy();
    await expect(disposing).rejects.toMatchObject({ code: 'ECANCELED' });
  });
});
