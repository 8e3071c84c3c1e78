import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { of, throwError } from 'rxjs';
import { type Connection, type SessionErrorMessage, sendTo, serve } from 'rxjs-libevent';
import type { Harness } from './Harness';

type It = (behaviour: string, body: () => Promise<void>) => void;

const CHANNEL = 'rxjs-libevent:session:error';

/** Who is notified of an error, and in which context. */
export function notifying(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  /** Runs with what is warned of and published. */
  async function watched(body: (warnings: string[], published: string[]) => Promise<void>) {
    const warnings: string[] = [];
    const published: string[] = [];
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation((text) => {
      warnings.push(String(text));
    });
    const note = (message: unknown): void => {
      published.push(((message as SessionErrorMessage).error as Error).message);
    };
    subscribe(CHANNEL, note);
    try {
      await body(warnings, published);
    } finally {
      unsubscribe(CHANNEL, note);
      warning.mockRestore();
    }
  }

  it('T7: the error of a session without onError is warned of once, and always published', () =>
    watched(async (warnings, published) => {
      const { listener, dial } = harness.server();
      const broken = () => throwError(() => new Error('of the session'));
      const serving = listener.pipe(serve(broken)).subscribe();
      await dial();
      await until('the first', () => published.length === 1);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("A session of the handler 'broken' has failed");
      await dial();
      await until('the second', () => published.length === 2);
      expect([published, warnings.length]).toEqual([Array(2).fill('of the session'), 1]);
      serving.unsubscribe();
    }));

  it('T7: with onError, an error is published and not warned of', () =>
    watched(async (warnings, published) => {
      const { listener, dial } = harness.server();
      const errors: unknown[] = [];
      const serving = listener
        .pipe(
          serve(() => throwError(() => new Error('handled')), { onError: (e) => errors.push(e) }),
        )
        .subscribe();
      await dial();
      await until('the error', () => errors.length > 0);
      expect([published, warnings]).toEqual([['handled'], []]);
      serving.unsubscribe();
    }));

  it('T8: subscribers are called in the store in which they have subscribed', async () => {
    const storage = new AsyncLocalStorage<string>();
    const calls: Record<string, unknown> = {};
    const note = (call: string) => () => {
      calls[call] = storage.getStore();
    };
    const { conn, remote } = await storage.run('maker', () =>
      harness.open({ write: { high: 1, low: 0 } }),
    );
    storage.run('own', () => {
      conn.subscribe({ next: note('next'), complete: note('complete') });
      conn.events.subscribe({ next: note('event'), complete: note('end of events') });
      conn.drained.subscribe(note('drained'));
      conn.whenClosed.subscribe(note('closed'));
      of('some')
        .pipe(sendTo(conn))
        .subscribe({ complete: note('sendTo') });
    });
    await storage.run('stranger', async () => {
      remote.send('x');
      await until('the bytes', () => 'next' in calls && 'drained' in calls);
      conn.complete();
      remote.end();
      await until('the end', () => 'closed' in calls && 'end of events' in calls);
    });
    expect(new Set(Object.values(calls))).toEqual(new Set(['own']));
    expect(Object.keys(calls)).toEqual(expect.arrayContaining(['complete', 'event', 'sendTo']));
  });

  it('T8: sessions run in the store of the subscriber to the listener', async () => {
    const storage = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    const session = (conn: Connection) => {
      stores.push(storage.getStore());
      return conn.pipe(sendTo(conn));
    };
    const { listener, dial } = harness.server();
    const serving = storage.run('own', () => listener.pipe(serve(session)).subscribe());
    await storage.run('stranger', async () => {
      await dial();
      await until('the session', () => stores.length > 0);
    });
    expect(stores).toEqual(['own']);
    serving.unsubscribe();
  });
}
