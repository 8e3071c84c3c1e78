import { NEVER, map, of } from 'rxjs';
import { type Connection, sendTo, serve } from 'rxjs-libevent';
import type { MarbleHelpers } from 'rxjs-libevent/testing';
import { failureOf } from './support/failureOf';
import { messageOf } from './support/messageOf';

/** Any expectation, with any name. */
interface Stated {
  as(step: string): { toBe(...what: readonly never[]): void };
}

type Name = keyof MarbleHelpers & `expect${string}`;

const echo = serve((conn) => conn.pipe(sendTo(conn)), { onError: () => undefined });

function served({ connection }: MarbleHelpers, bytes = 'a'): Connection {
  const conn = connection('-a|', { a: bytes });
  of(conn).pipe(echo).subscribe();
  return conn;
}

function state(expectation: Stated, ...what: readonly unknown[]): void {
  const { toBe } = expectation.as('after login');
  toBe(...(what as never[]));
}

/** Every expectation, of what does not come. */
const fails: Readonly<Record<Name, (all: MarbleHelpers) => void>> = {
  expectOutput: (all) => state(all.expectOutput(served(all)), '-b|'),
  expectWritten: (all) => state(all.expectWritten(served(all)), '-b'),
  expectDemand: (all) => state(all.expectDemand(served(all)), '^---!'),
  expectSaturation: (all) => state(all.expectSaturation(served(all)), '--^!'),
  expectHolds: (all) => state(all.expectHolds(served(all)), '--h!', { h: 'a stage' }),
  expectClosed: (all) => state(all.expectClosed(served(all)), '---|'),
  expectUnread: (all) => state(all.expectUnread(served(all)), 'b'),
  expectUnsent: (all) => state(all.expectUnsent(served(all)), 'b'),
  expectSessionError: (all) => state(all.expectSessionError(served(all)), '--#', 'EPIPE'),
  expectConnected: (all) => state(all.expectConnected(all.peer('')), '--^'),
  expectRefused: (all) => state(all.expectRefused(all.peer('')), '--#'),
  expectAccepted: (all) => {
    const listener = all.listener('');
    listener.subscribe();
    state(all.expectAccepted(listener), '--p', { p: all.peer('') });
  },
  expectAttempts: (all) => {
    const connect = all.connector(['-#']);
    connect({ port: 1 }).subscribe({ error: () => undefined });
    state(all.expectAttempts(connect), '--1');
  },
  expectFile: (all) => state(all.expectFile(all.file('/a', 'a')), '--^'),
  expectObservable: (all) => state(all.expectObservable(NEVER), '--a'),
  expectSubscriptions: (all) => state(all.expectSubscriptions(all.probe(NEVER)), '--^'),
};

describe('a failure of a marble test', () => {
  it.each(Object.keys(fails) as Name[])(
    'begins with the name of its step, and points at its line: %s',
    (name) => {
      const { message, stack } = failureOf(fails[name]);
      expect(message.startsWith(`after login: ${name}`)).toBe(true);
      const [, first] = /\n +at (.*)/.exec(stack ?? '') ?? [];
      expect(first).toMatch(/^state .*failures\.spec\.ts/);
    },
  );

  describe('shows what is long around the first difference', () => {
    const long = 'x'.repeat(1000);
    const [right, wrong] = [`${long}right${long}`, `${long}wrong${long}`];
    const around = (word: string) =>
      `"…${'x'.repeat(16)}${word}${'x'.repeat(27)}…" (2005 bytes, from byte 984)`;

    it('of output', () => {
      const message = messageOf((all) => {
        all.expectOutput(served(all, right)).toBe('-a|', { a: wrong });
      });
      expect(message).toContain(`  a  ${around('wrong')}\n  b  ${around('right')}\n`);
    });

    it('of output that comes at another frame: its beginning', () => {
      const message = messageOf((all) => {
        all.expectOutput(served(all, right)).toBe('--a|', { a: right });
      });
      expect(message).toContain(`  a  "${'x'.repeat(48)}…" (2005 bytes)\n`);
    });

    it.each(['expectUnread', 'expectUnsent'] as const)('of what is left, %s', (name) => {
      const message = messageOf((all) => {
        const isUnread = name === 'expectUnread';
        const conn = all.connection(isUnread ? '-a' : '', { a: right }, { takes: '-' });
        if (isUnread) conn.hold('a stage');
        else conn.next(right);
        all[name](conn).toBe(wrong);
      });
      expect(message).toContain(
        `what is left differs\n\n  expected  ${around('wrong')}\n  actual    ${around('right')}\n`,
      );
    });

    it.each([
      ['text', (value: string) => value],
      ['bytes', (value: string) => Buffer.from(value)],
    ])('of an Observable of %s', (_kind, as) => {
      const message = messageOf(({ cold, expectObservable }) => {
        const source = cold('-a|').pipe(map(() => as(right)));
        expectObservable(source).toBe('-a|', { a: as(wrong) });
      });
      expect(message).toContain(`  a  ${around('wrong')}\n  b  ${around('right')}\n`);
    });
  });
});
