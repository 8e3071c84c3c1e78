// What the compiler infers of the operators, and what it refuses. `npm run typecheck` is the test; nothing runs.
import { expectTypeOf } from 'expect-type';
import { asyncScheduler, EMPTY, type Observable, map, of } from 'rxjs';
import {
  concatMapHeld,
  type Connection,
  delimited,
  encodeDelimited,
  encodeFixedLength,
  encodeLengthPrefixed,
  encodeLines,
  fixedLength,
  frames,
  type FrameDecoder,
  hold,
  holdable,
  lengthPrefixed,
  lines,
  mergeMapHeld,
  observeOnHeld,
  relay,
  sendTo,
  serve,
} from 'rxjs-libevent';

declare const conn: Connection;
declare const other: Connection;
declare const connections: Observable<Connection>;
declare const decoder: FrameDecoder<number>;

/** Framing: the encoding decides between text and bytes. */
export function framing(): void {
  expectTypeOf(conn.pipe(lines())).toEqualTypeOf<Observable<string>>();
  expectTypeOf(conn.pipe(lines({ maxLength: 512 }))).toEqualTypeOf<Observable<string>>();
  expectTypeOf(conn.pipe(lines({ encoding: 'latin1' }))).toEqualTypeOf<Observable<string>>();
  expectTypeOf(conn.pipe(lines({ encoding: 'buffer' }))).toEqualTypeOf<Observable<Buffer>>();
  expectTypeOf(conn.pipe(delimited('\0'))).toEqualTypeOf<Observable<Buffer>>();
  expectTypeOf(conn.pipe(delimited('\0', { encoding: 'utf8' }))).toEqualTypeOf<
    Observable<string>
  >();
  expectTypeOf(conn.pipe(lengthPrefixed())).toEqualTypeOf<Observable<Buffer>>();
  expectTypeOf(conn.pipe(fixedLength(4))).toEqualTypeOf<Observable<Buffer>>();
  expectTypeOf(conn.pipe(frames(() => decoder))).toEqualTypeOf<Observable<number>>();
  expectTypeOf(conn.pipe(frames((bytes) => [{ first: bytes[0] }, 1]))).toEqualTypeOf<
    Observable<{ first: number | undefined }>
  >();

  // @ts-expect-error text is no source of bytes
  of('text').pipe(lines());
  // @ts-expect-error another encoding than there is
  lines({ encoding: 'utf16' });
  // @ts-expect-error a misspelt option
  lines({ maxLenght: 512 });
  // @ts-expect-error a delimiter is needed
  delimited();
}

/** Encoders take text and bytes, and give what a connection takes. */
export function encoding(): void {
  const values = of('text', Buffer.of(1));
  expectTypeOf(values.pipe(encodeLines())).toEqualTypeOf<Observable<string | Buffer>>();
  expectTypeOf(values.pipe(encodeDelimited('\0'))).toEqualTypeOf<Observable<string | Buffer>>();
  expectTypeOf(values.pipe(encodeLengthPrefixed())).toEqualTypeOf<Observable<Buffer>>();
  values.pipe(encodeFixedLength(4), sendTo(conn)).subscribe();

  // @ts-expect-error a number is neither
  of(1).pipe(encodeLines());
}

/** `sendTo`, `serve` and `relay` emit nothing. */
export function ends(): void {
  expectTypeOf(conn.pipe(sendTo(other))).toEqualTypeOf<Observable<never>>();
  expectTypeOf(relay(conn, other)).toEqualTypeOf<Observable<never>>();
  expectTypeOf(
    connections.pipe(
      serve((it) => {
        expectTypeOf(it).toEqualTypeOf<Connection>();
        return it.pipe(sendTo(it));
      }),
    ),
  ).toEqualTypeOf<Observable<never>>();
  connections.pipe(serve(() => Promise.resolve()));
  of(new Uint16Array(2), new DataView(new ArrayBuffer(2))).pipe(sendTo(conn));

  // @ts-expect-error objects have to be encoded first
  of({ answer: 42 }).pipe(sendTo(conn));
  // @ts-expect-error another choice than there is
  sendTo(conn, { whenSaturated: 'wait' });
  // @ts-expect-error a handler returns a source
  serve(() => 5);
  // @ts-expect-error connections are served
  of(1).pipe(serve(() => EMPTY));
  // @ts-expect-error two connections are relayed
  relay(conn);
}

/** Held operators infer as RxJS's own. */
export function held(): void {
  const text = conn.pipe(lines());
  expectTypeOf(text.pipe(mergeMapHeld((line) => Promise.resolve(line.length), 8))).toEqualTypeOf<
    Observable<number>
  >();
  expectTypeOf(text.pipe(concatMapHeld((line, index) => [line, index]))).toEqualTypeOf<
    Observable<string | number>
  >();
  expectTypeOf(text.pipe(observeOnHeld(asyncScheduler))).toEqualTypeOf<Observable<string>>();
  expectTypeOf(hold()).toEqualTypeOf<() => void>();
  const source = holdable(of(1, 2), { pause: () => undefined, resume: () => undefined });
  expectTypeOf(source.pipe(map((value) => value * 2))).toEqualTypeOf<Observable<number>>();

  // @ts-expect-error how many at a time is the caller's to say
  mergeMapHeld((line: string) => of(line));
  // @ts-expect-error a promise of nothing observable
  concatMapHeld((line: string) => line.length);
  // @ts-expect-error what can be paused can be resumed
  holdable(of(1), { pause: () => undefined });
  // @ts-expect-error a scheduler is needed
  observeOnHeld({ limit: 5 });
}
