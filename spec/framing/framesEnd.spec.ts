import { Observable, Subject, takeUntil, tap } from 'rxjs';
import { currentSource } from '../../lib/flow/Source';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { LibeventError } from '../../lib/common/LibeventError';
import { lines } from '../../lib/framing/lines';
import { FakeConnection } from './FakeConnection';

import { recordText } from './recordText';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('frames, at the end', () => {
  it('gives an unfinished frame back before it passes an error on', () => {
    const connection = new FakeConnection([bytes('a\nb')]).endWith(new Error('timeout'));
    const log: string[] = [];
    connection.pipe(lines()).subscribe({
      next: (line) => log.push(line),
      error: (error: Error) => log.push(`${error.message}, left ${connection.left.toString()}`),
    });
    connection.run();
    expect(log).toEqual(['a', 'timeout, left b']);
  });

  it('drops the bytes when it fails itself, and unsubscribes first', () => {
    const connection = new FakeConnection([bytes('a\nbbbbbb\nc\n'), bytes('d\n')]);
    const log: unknown[] = [];
    connection.pipe(lines({ maxLength: 4 })).subscribe({
      next: (line) => log.push(line),
      error: (error: LibeventError) => log.push(error.code, connection.subscribed),
    });
    connection.run();
    expect(log).toEqual(['a', 'ERR_FRAME_TOO_LONG', false]);
    expect(connection.returned).toEqual([]);
    expect(connection.left.toString()).toBe('d\n');
  });

  it('holds the end back until the frames in front of it have gone out', () => {
    for (const error of [
      undefined,
      new LibeventError('ERR_FRAME_LENGTH', 'read', { detail: 'end' }),
    ]) {
      const connection = new FakeConnection();
      // The end comes in the midst of the held frames.
      const ending = new Observable<Buffer>((subscriber) =>
        connection.subscribe((chunk) => {
          subscriber.next(chunk);
          if (error === undefined) subscriber.complete();
          else subscriber.error(error);
        }),
      );
      let release: Release | undefined;
      const seen = recordText(
        ending.pipe(
          lines(),
          tap(() => (release = hold())),
        ),
      );
      connection.arrive(bytes('a\nb\ntail')).run();
      expect(seen).toEqual(['a']);
      release?.();
      connection.run();
      expect(seen).toEqual(['a', 'b']);
      release?.();
      connection.run();
      if (error === undefined) expect(seen).toEqual(['a', 'b', 'tail', '|']);
      else expect(seen).toEqual(['a', 'b', '# read ERR_FRAME_LENGTH: end']);
    }
  });

  it('emits nothing of a tail while the source is held, and passes the end on as it came', () => {
    const connection = new FakeConnection([bytes('a\nbcd')]);
    const stop = new Subject<void>();
    const log: unknown[] = [];
    let release: Release | undefined;
    connection.pipe(takeUntil(stop), lines({ maxLength: 2, whenTooLong: 'split' })).subscribe({
      next: (line) => {
        log.push(line, currentSource() === connection.flow);
        if (line === 'bc') release = hold();
      },
      complete: () => log.push('|'),
    });
    connection.run();
    expect(log).toEqual(['a', true]);
    stop.next();
    expect(log).toEqual(['a', true, 'bc', true]);
    release?.();
    connection.run();
    expect(log).toEqual(['a', true, 'bc', true, 'd', true, '|']);
  });

  it('waits with a tail for a source that was held from elsewhere', () => {
    const connection = new FakeConnection([bytes('a\nb')]);
    const stop = new Subject<void>();
    const log: unknown[] = [];
    connection.pipe(takeUntil(stop), lines()).subscribe({
      next: (line) => log.push(line),
      complete: () => log.push('|', currentSource() === connection.flow),
    });
    connection.run();
    const release = connection.flow.hold('elsewhere');
    stop.next();
    expect(log).toEqual(['a']);
    release();
    stop.next();
    expect(log).toEqual(['a']);
    connection.run();
    expect(log).toEqual(['a', 'b', '|', true]);
  });

  it('waits for the turn of the source, also when the end comes before it', () => {
    const connection = new FakeConnection([bytes('a\nb\nc')]);
    const stop = new Subject<void>();
    let release: Release | undefined;
    const seen = recordText(
      connection.pipe(
        takeUntil(stop),
        lines(),
        tap((line) => {
          if (line === 'a') release = hold();
        }),
      ),
    );
    connection.run();
    release?.();
    stop.next();
    expect(seen).toEqual(['a']);
    connection.run();
    expect(seen).toEqual(['a', 'b', 'c', '|']);
  });

  it('makes a tail current source while it is emitted, and nothing after that', () => {
    const connection = new FakeConnection([bytes('a')]);
    const stop = new Subject<void>();
    const current: unknown[] = [];
    connection.pipe(takeUntil(stop), lines()).subscribe({
      next: () => current.push(currentSource()),
      complete: () => current.push(currentSource()),
    });
    connection.run();
    stop.next();
    expect([...current, currentSource()]).toEqual([connection.flow, undefined, undefined]);
  });

  it('does not call next within next when the end comes from there', () => {
    const chunks = new Subject<Buffer>();
    const log: string[] = [];
    chunks.pipe(lines()).subscribe({
      next: (line) => {
        log.push(`(${line}`);
        if (line === 'a') chunks.complete();
        log.push(')');
      },
      complete: () => log.push('|'),
    });
    chunks.next(bytes('a\nb\nc'));
    expect(log.join('')).toBe('(a)(b)(c)|');
  });

  it('lets a held source complete when nothing waits', () => {
    const connection = new FakeConnection();
    const source = new Observable<Buffer>((subscriber) =>
      connection.subscribe((chunk) => {
        subscriber.next(chunk);
        subscriber.complete();
      }),
    );
    const seen = recordText(
      source.pipe(
        lines(),
        tap(() => hold()),
      ),
    );
    connection.arrive(bytes('a\n')).run();
    expect(seen).toEqual(['a', '|']);
  });
});
