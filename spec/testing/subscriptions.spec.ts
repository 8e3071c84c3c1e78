import { NEVER, map, of, switchMap, take, timer } from 'rxjs';
import { lines, sendTo, serve } from 'rxjs-libevent';
import { marbles as withDefault } from 'rxjs-libevent/testing';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

describe('expectSubscriptions', () => {
  it('shows who subscribes to a connection, one by one', () => {
    marbles(({ connection, expectSubscriptions, expectDemand }) => {
      const conn = connection('-a-b-c|', { a: 'a\n', b: 'b\n', c: 'c\n' });
      conn.pipe(lines(), take(1)).subscribe();
      conn.subscribe();
      expectSubscriptions(conn).toBe(['^!', '^-----!']);
      expectDemand(conn).toBe('   ^-----!');
    });
  });

  it('shows those of a connection that comes later, by its peer', () => {
    marbles(({ listener, peer, expectSubscriptions }) => {
      const client = peer('--a|');
      listener('-c-', { c: client })
        .pipe(serve((conn) => conn.pipe(sendTo(conn))))
        .subscribe();
      expectSubscriptions(client).toBe('-^--!');
    });
  });

  it('shows what a pipeline subscribes to inside, and cancels', () => {
    marbles(({ connection, probe, expectSubscriptions, expectOutput, expectClosed }) => {
      const conn = connection('-a--b-|', { a: 'a\n', b: 'b\n' });
      const slow = probe(timer(5).pipe(map(() => 'late\n')));
      of(conn)
        .pipe(
          serve((it) =>
            it.pipe(
              lines(),
              switchMap((line) => (line === 'a' ? slow : of('b\n'))),
              sendTo(it),
            ),
          ),
        )
        .subscribe();
      expectSubscriptions(slow).toBe('-^--!');
      expectOutput(conn).toBe('----b-|', { b: 'b\n' });
      expectClosed(conn).toBe('------|');
    });
  });

  it('passes for the assertion function of a test, and for the default', () => {
    withDefault(({ probe, cold, expectSubscriptions }) => {
      const all = [probe(NEVER), cold('-')] as const;
      for (const source of all)
        timer(1)
          .pipe(switchMap(() => source))
          .subscribe();
      expectSubscriptions(all[0]).toBe('-^');
      expectSubscriptions(all[1].subscriptions).toBe('-^');
    });
  });

  it('shows both sides, at the line of the test', () => {
    const failure = failureOf(({ probe, expectSubscriptions }) => {
      const source = probe(timer(3));
      source.subscribe();
      timer(1)
        .pipe(switchMap(() => source))
        .subscribe();
      expectSubscriptions(source).toBe(['^--!', '--^--!']);
    });
    expect(failure.message).toBe(
      [
        'expectSubscriptions: the subscriptions differ',
        '',
        '  expected  ^--!',
        '            --^--!',
        '  actual    ^--!',
        '            -^--!',
        '',
      ].join('\n'),
    );
    expect(failure.stack).toContain('subscriptions.spec.ts');
    const none = messageOf(({ probe, expectSubscriptions }) => {
      expectSubscriptions(probe(NEVER)).toBe('^');
    });
    expect(none).toContain('  expected  ^\n  actual    none');
  });

  it('refuses what nobody has logged', () => {
    expect(messageOf(({ expectSubscriptions }) => expectSubscriptions(of(1) as never))).toBe(
      "expectSubscriptions: takes a connection, a peer or a probe that this test's helpers have made, got Observable",
    );
    expect(messageOf(({ probe }) => probe('source' as never))).toBe(
      'probe: takes an Observable, got string',
    );
  });
});
