import { config, finalize, lastValueFrom, merge, of, Subject, tap, timer } from 'rxjs';
import { EventBase, lines, serve, type Connection } from 'rxjs-libevent';
import { marbles } from 'rxjs-libevent/testing';

describe('ServeSession', () => {
  let base: EventBase;
  let ends: [Connection, Connection];

  beforeEach(() => {
    base = new EventBase();
    ends = base.pair();
  });

  afterEach(async () => {
    config.onUnhandledError = null;
    await base.close();
  });

  it('takes its pipeline away before the reset: half a line is none', () => {
    const said: string[] = [];
    marbles(({ connection, expectClosed, expectSessionError }) => {
      const conn = connection('-a', { a: 'whole\nhal' });
      const failing = timer(3).pipe(
        tap(() => {
          throw new Error('the other half');
        }),
      );
      const says = conn.pipe(
        lines(),
        tap((line) => said.push(line)),
      );
      of(conn)
        .pipe(serve(() => merge(failing, says)))
        .subscribe();
      expectSessionError(conn).toBe('---#', Error);
      expectClosed(conn).toBe('---R');
    });
    expect(said).toEqual(['whole']);
  });

  it('closes the connection though a teardown of its pipeline throws, and reports that', async () => {
    const [near, far] = ends;
    const pipeline = new Subject<never>();
    const reported = new Promise<unknown>((resolve) => {
      config.onUnhandledError = resolve;
    });
    const served = lastValueFrom(
      of(near).pipe(
        serve(() =>
          pipeline.pipe(
            finalize(() => {
              throw new Error('boom');
            }),
          ),
        ),
      ),
      { defaultValue: 'ended' },
    );
    far.subscribe({ complete: () => far.complete() });
    pipeline.complete();
    expect(String(await reported)).toContain('boom');
    expect(await served).toBe('ended');
  });

  it('reports what onError throws, and resets the connection all the same', async () => {
    const [near, far] = ends;
    const pipeline = new Subject<never>();
    const reported = new Promise<unknown>((resolve) => {
      config.onUnhandledError = resolve;
    });
    const onError = (): never => {
      throw new Error('boom');
    };
    const served = lastValueFrom(of(near).pipe(serve(() => pipeline, { onError })), {
      defaultValue: 'ended',
    });
    far.subscribe({ error: () => undefined });
    pipeline.error(new Error('of the pipeline'));
    expect(String(await reported)).toContain('boom');
    expect(await served).toBe('ended');
  });

  it('ends at once when the connection is closed already', async () => {
    const [near] = ends;
    near.destroy();
    await lastValueFrom(near.whenClosed, { defaultValue: undefined });
    const served = of(near).pipe(serve((connection) => connection));
    expect(await lastValueFrom(served, { defaultValue: 'ended' })).toBe('ended');
  });
});
