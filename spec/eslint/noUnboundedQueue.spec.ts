import { Linter } from 'eslint';
import { plugin } from 'rxjs-libevent/eslint';
import { invalid, rule, ruleTester, suggests, valid } from './support/ruleTester';

describe('no-unbounded-queue', () => {
  ruleTester.run('behind a connection', rule, {
    valid: [
      'conn.pipe(lines(), map((line) => line.length)).subscribe();',
      'conn.pipe(concatMapHeld(ask), sendTo(conn)).subscribe();',
      'conn.pipe(mergeMapHeld(ask, 8), observeOnHeld(asyncScheduler)).subscribe();',
      'conn.pipe(debounceTime(5), exhaustMap(ask)).subscribe();',
      'conn.pipe(switchMap(ask)).subscribe();',
    ].map(valid),
    invalid: [
      invalid('conn.pipe(concatMap(ask)).subscribe();'),
      invalid('conn.pipe(concatMap(async (chunk) => chunk.length)).subscribe();'),
      invalid('conn.pipe(lines(), concatMap((line) => ask(line)), sendTo(conn)).subscribe();'),
      invalid('conn.pipe(mergeMap(ask)).subscribe();'),
      invalid('conn.pipe(mergeMap(ask, 4)).subscribe();'),
      invalid('conn.pipe(mergeScan((sum, value) => ask(value), ""), sendTo(conn)).subscribe();', 0),
      invalid('conn.pipe(concatMapTo(ask(1))).subscribe();'),
      invalid('conn.pipe(mergeMapTo(timer(5))).subscribe();'),
      invalid('conn.pipe(map(ask), concatAll()).subscribe();'),
      invalid('conn.pipe(map(ask), mergeAll(3)).subscribe();'),
      invalid('conn.pipe(delay(5)).subscribe();'),
      invalid('conn.pipe(delayWhen(() => timer(5))).subscribe();', 0),
      invalid('conn.pipe(observeOn(asyncScheduler)).subscribe();'),
      invalid('conn.pipe(observeOn(asyncScheduler, 5)).subscribe();', 0),
      invalid('conn.pipe(bufferTime(5)).subscribe();', 0),
      invalid('conn.pipe(windowTime(5)).subscribe();', 0),
      invalid('conn.pipe(buffer(timer(5))).subscribe();', 0),
      invalid('conn.pipe(bufferWhen(() => timer(5))).subscribe();', 0),
      invalid('conn.pipe(bufferToggle(timer(5), () => timer(5))).subscribe();', 0),
    ],
  });

  ruleTester.run('bounds that are given', rule, {
    valid: [
      'conn.pipe(bufferTime(5, null, 100)).subscribe();',
      'conn.pipe(windowTime(5, null, 100)).subscribe();',
      'conn.pipe(bufferCount(5)).subscribe();',
      'conn.pipe(observeOn(queueScheduler)).subscribe();',
    ].map(valid),
    invalid: [],
  });

  ruleTester.run('where a pipeline begins', rule, {
    valid: [
      'timer(5).pipe(concatMap(ask)).subscribe();',
      'new Subject<string>().pipe(concatMap(ask), delay(5)).subscribe();',
      'conn.drained.pipe(delay(5)).subscribe();',
      'conn.events.pipe(concatMap(ask)).subscribe();',
      'export const work = concatMap((line: string) => ask(line));',
      'const other = { pipe: (operator: unknown) => operator }; other.pipe(concatMap(ask));',
      'class Connection2 extends Observable<string> {} new Connection2().pipe(concatMap(ask));',
      // The operator is somebody else's.
      `conn.pipe(((f: unknown) => map(String))(ask)).subscribe();`,
      'function concatMap(_f: unknown): MonoTypeOperatorFunction<unknown> { return (it) => it; } conn.pipe(concatMap(ask));',
      // Connections are counted by who accepts them.
      'listen({ port: 0 }).pipe(mergeMap((it) => ask(it))).subscribe();',
      'listen({ port: 0 }).pipe(delay(5)).subscribe();',
      // Errors and repetitions, not bytes.
      'conn.pipe(lines()).subscribe(() => { timer(5).pipe(delay(5)).subscribe(); });',
    ].map(valid),
    invalid: [
      invalid('listen({ port: 0 }).pipe(serve((it) => it.pipe(concatMap(ask)))).subscribe();'),
      invalid('open({ port: 1 }, (it) => it.pipe(delay(5))).subscribe();'),
      invalid('conn.pipe(lines()).pipe(map(String)).pipe(concatMap(ask)).subscribe();'),
      invalid('const texts = conn.pipe(lines()); texts.pipe(concatMap(ask)).subscribe();'),
      invalid('const it = conn; const texts = it.pipe(lines()); texts.pipe(delay(5));'),
      invalid('(conn as Observable<Buffer>).pipe(concatMap(ask)).subscribe();'),
      invalid('conn!.pipe(concatMap(ask)).subscribe();'),
      invalid('declare const maybe: Connection | undefined; maybe?.pipe(concatMap(ask));'),
      invalid('(Math.random() < 0.5 ? conn : EMPTY).pipe(concatMap(ask)).subscribe();'),
      invalid('merge(conn.pipe(lines()), timer(5)).pipe(concatMap(ask)).subscribe();'),
      invalid('concat(of("first"), conn).pipe(concatMap(ask)).subscribe();'),
      invalid('conn.pipe(pipe(lines(), concatMap(ask))).subscribe();'),
      invalid('const work = concatMap(ask); conn.pipe(work).subscribe(); conn.pipe(work);'),
      invalid('function work<C extends Connection>(it: C) { return it.pipe(concatMap(ask)); }'),
      invalid('class Mine { constructor(readonly it: Connection) { it.pipe(delay(5)); } }'),
      invalid('class Mine { declare it: Connection; all() { return this.it.pipe(delay(5)); } }'),
      invalid('import * as rx from "rxjs"; conn.pipe(rx.concatMap(ask)).subscribe();'),
      invalid('import { concatMap as later } from "rxjs/operators"; conn.pipe(later(ask));'),
      // Other sources that can be held.
      invalid('holdable(timer(5), { pause() {}, resume() {} }).pipe(concatMap(ask)).subscribe();'),
      invalid('fromReadable(process.stdin).pipe(concatMap(ask), sendTo(conn)).subscribe();'),
      // Parts of the pipeline.
      invalid('conn.pipe(groupBy(String), mergeMap((group) => group.pipe(concatMap(ask))));'),
      invalid('conn.pipe(windowCount(5), mergeMap((window) => window.pipe(delay(5))));'),
      invalid('conn.pipe(connect((shared) => merge(shared, shared.pipe(delay(5)))));'),
    ],
  });

  ruleTester.run('inners that end at once', rule, {
    valid: [
      'conn.pipe(lines(), concatMap((line) => line.split(" "))).subscribe();',
      'conn.pipe(mergeMap((chunk) => chunk)).subscribe();',
      'conn.pipe(concatMap((chunk) => of(chunk, "\\n"))).subscribe();',
      'conn.pipe(concatMap((chunk) => from([chunk]))).subscribe();',
      'conn.pipe(concatMap((chunk) => of(chunk).pipe(map(String), take(1)))).subscribe();',
      'conn.pipe(concatMap((chunk) => (chunk.length > 0 ? of(chunk) : EMPTY))).subscribe();',
      'conn.pipe(concatMap((chunk) => { if (chunk.length > 0) return of(1); return throwError(() => chunk); }));',
      'conn.pipe(concatMap((chunk) => defer(() => of(chunk)))).subscribe();',
      'conn.pipe(concatMap((chunk) => concat(of(chunk), of("\\n")))).subscribe();',
      'conn.pipe(concatMap((chunk) => iif(() => chunk.length > 0, of(chunk), EMPTY))).subscribe();',
      'const line = of("\\n"); conn.pipe(concatMap(() => line)).subscribe();',
      'function both(chunk: Buffer) { return of(chunk, chunk); } conn.pipe(concatMap(both));',
      'const both = (chunk: Buffer) => [chunk, chunk]; conn.pipe(mergeMap(both)).subscribe();',
      'conn.pipe(mergeScan((sum, value) => of(sum + value.length), 0)).subscribe();',
      'conn.pipe(delayWhen(() => of(1))).subscribe();',
      'conn.pipe(map((chunk) => [chunk]), concatAll()).subscribe();',
      'conn.pipe(groupBy(String), mergeMap((group) => group)).subscribe();',
      'conn.pipe(groupBy(String), mergeAll()).subscribe();',
      'conn.pipe(windowCount(5), mergeMap((window) => window.pipe(map(String)))).subscribe();',
      'conn.pipe(windowCount(5), mergeAll()).subscribe();',
      'declare const anything: any; conn.pipe(concatMap(() => anything)).subscribe();',
      'declare function words(chunk: Buffer): Iterable<string>; conn.pipe(concatMap(words));',
    ].map(valid),
    invalid: [
      invalid('conn.pipe(concatMap((chunk) => of(chunk).pipe(delay(5)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => of(chunk).pipe(concatMap(ask)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => of(chunk).pipe(mergeMapHeld(ask, 8)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => from(ask(chunk)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => defer(() => ask(chunk)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => concat(of(chunk), timer(5)))).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => (chunk.length > 0 ? of("") : ask(chunk))));'),
      invalid('declare function some(): AsyncGenerator<string>; conn.pipe(concatMap(some));'),
      invalid(
        'declare function some(): ReadableStream<string>; conn.pipe(concatMap(() => some()));',
      ),
      invalid('declare const other: Connection; conn.pipe(concatMap(() => other)).subscribe();'),
      invalid('declare const other: Connection; conn.pipe(mergeMap(() => other.pipe(lines())));'),
      invalid('async function slow() {} conn.pipe(mergeMap(slow)).subscribe();'),
    ],
  });

  ruleTester.run('inners of which nothing is known', rule, {
    valid: [
      {
        ...valid('conn.pipe(concatMap(find)).subscribe();'),
        options: [{ unknownInners: 'allow' }],
      },
    ],
    invalid: [
      invalid('conn.pipe(concatMap(find)).subscribe();'),
      invalid('conn.pipe(concatMap((chunk) => new Observable<string>())).subscribe();'),
      invalid('conn.pipe(map(find), mergeAll()).subscribe();'),
      {
        ...invalid('conn.pipe(concatMap(ask)).subscribe();'),
        options: [{ unknownInners: 'allow' }],
      },
    ],
  });

  ruleTester.run('pipelines of a few values', rule, {
    valid: [
      // The subscription form: take one, work, subscribe again.
      'conn.pipe(first(), concatMap(ask), repeat()).subscribe();',
      'conn.pipe(first(), concatMap(ask), concatMap(ask), repeat()).subscribe();',
      'conn.pipe(lines(), take(3), mergeMap(ask)).subscribe();',
      'conn.pipe(toArray(), concatMap(ask)).subscribe();',
      'conn.pipe(ignoreElements(), endWith(conn), concatMap((it) => startTls(it, {}))).subscribe();',
      'const head = conn.pipe(lines(), first()); head.pipe(delay(5)).subscribe();',
    ].map(valid),
    invalid: [
      invalid('conn.pipe(first(), repeat(), concatMap(ask)).subscribe();'),
      invalid('conn.pipe(first(), switchMap(() => conn), concatMap(ask)).subscribe();'),
      invalid('conn.pipe(ignoreElements(), concatWith(conn), delay(5)).subscribe();'),
    ],
  });

  const declared = [
    'declare const conn: import("rxjs-libevent").Connection;',
    'declare function ask(value: unknown): Promise<string>;',
  ].join('\n');

  ruleTester.run('suggestions', rule, {
    valid: [],
    invalid: [
      suggests(
        `import { concatMap } from 'rxjs';\n${declared}\nconn.pipe(concatMap(ask));`,
        `import { concatMapHeld } from 'rxjs-libevent';\nimport { concatMap } from 'rxjs';\n${declared}\nconn.pipe(concatMapHeld(ask));`,
      ),
      suggests(
        `import { concatMap } from 'rxjs';\nimport { lines, sendTo } from 'rxjs-libevent';\n${declared}\nconn.pipe(lines(), concatMap((line) => ask(line)), sendTo(conn));`,
        `import { concatMap } from 'rxjs';\nimport { lines, sendTo, concatMapHeld } from 'rxjs-libevent';\n${declared}\nconn.pipe(lines(), concatMapHeld((line) => ask(line)), sendTo(conn));`,
      ),
      suggests(
        `import { mergeMap } from 'rxjs';\nimport type { Connection } from 'rxjs-libevent';\nimport { mergeMapHeld } from 'rxjs-libevent';\n${declared}\nexport type It = Connection | typeof mergeMapHeld;\nconn.pipe(mergeMap(ask));`,
        `import { mergeMap } from 'rxjs';\nimport type { Connection } from 'rxjs-libevent';\nimport { mergeMapHeld } from 'rxjs-libevent';\n${declared}\nexport type It = Connection | typeof mergeMapHeld;\nconn.pipe(mergeMapHeld(ask, 8));`,
      ),
      suggests(
        `import { mergeMap } from 'rxjs';\nimport { mergeMapHeld } from 'rxjs-libevent';\n${declared}\nconn.pipe(mergeMap(ask, 3), mergeMapHeld(ask, 8));`,
        `import { mergeMap } from 'rxjs';\nimport { mergeMapHeld } from 'rxjs-libevent';\n${declared}\nconn.pipe(mergeMapHeld(ask, 3), mergeMapHeld(ask, 8));`,
      ),
      suggests(
        `import * as rx from 'rxjs';\n${declared}\nconn.pipe(rx.mergeMap(ask, Infinity));`,
        `import { mergeMapHeld } from 'rxjs-libevent';\nimport * as rx from 'rxjs';\n${declared}\nconn.pipe(mergeMapHeld(ask, 8));`,
      ),
      suggests(
        `import { concatAll, map } from 'rxjs';\n${declared}\nconn.pipe(map(ask), concatAll());`,
        `import { concatMapHeld } from 'rxjs-libevent';\nimport { concatAll, map } from 'rxjs';\n${declared}\nconn.pipe(map(ask), concatMapHeld((inner) => inner));`,
      ),
      suggests(
        `import { asyncScheduler, observeOn } from 'rxjs';\n${declared}\nconn.pipe(observeOn(asyncScheduler));`,
        `import { observeOnHeld } from 'rxjs-libevent';\nimport { asyncScheduler, observeOn } from 'rxjs';\n${declared}\nconn.pipe(observeOnHeld(asyncScheduler));`,
      ),
      suggests(
        `import { delay } from 'rxjs';\n${declared}\nconn.pipe(delay(5));`,
        `import { mergeMapHeld } from 'rxjs-libevent';\nimport { delay, of } from 'rxjs';\n${declared}\nconn.pipe(mergeMapHeld((value) => of(value).pipe(delay(5)), 64));`,
      ),
      // What a suggestion needs stands for something else.
      {
        ...invalid('', 0),
        name: 'a name that is taken',
        code: `import { concatMap } from 'rxjs';\n${declared}\nconst concatMapHeld = 1;\nconn.pipe(concatMap(ask));\nexport { concatMapHeld };`,
      },
      invalid('conn.pipe(mergeMap(ask, (outer, inner) => inner)).subscribe();', 0),
      invalid('conn.pipe(concatMap<Buffer, Promise<string>>(ask)).subscribe();', 0),
    ],
  });

  it('says what it needs where a file has no types', () => {
    expect(() =>
      new Linter().verify('a.pipe();', {
        plugins: { 'rxjs-libevent': plugin },
        rules: { 'rxjs-libevent/no-unbounded-queue': 'error' },
      }),
    ).toThrow('projectService');
  });
});
