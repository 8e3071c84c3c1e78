import {
  asapScheduler,
  asyncScheduler,
  auditTime,
  buffer,
  bufferCount,
  bufferTime,
  bufferToggle,
  bufferWhen,
  catchError,
  combineLatestWith,
  concatAll,
  concatMap,
  concatMapTo,
  concatWith,
  connect,
  debounceTime,
  delay,
  delayWhen,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  filter,
  from,
  groupBy,
  interval,
  map,
  materialize,
  merge,
  mergeAll,
  mergeMap,
  mergeMapTo,
  mergeScan,
  mergeWith,
  NEVER,
  observeOn,
  of,
  pairwise,
  repeat,
  retry,
  sampleTime,
  scan,
  share,
  shareReplay,
  skip,
  startWith,
  subscribeOn,
  switchMap,
  take,
  takeUntil,
  tap,
  throttleTime,
  timeout,
  timer,
  windowCount,
  withLatestFrom,
  zipWith,
} from 'rxjs';
import { concatMapHeld, lines, mergeMapHeld, observeOnHeld } from 'rxjs-libevent';
import type { OperatorRow } from './OperatorRow';

const soon = <T>(value: T): Promise<T> => Promise.resolve(value);
const byte = (value: Buffer): number => value[0] as number;

/** Every row is run by a spec, and stands in docs/flow-control.md as it stands here. */
export const operatorTable: readonly OperatorRow[] = [
  {
    operator: '`map`, `filter`, `scan`, `tap`',
    scope: 'keeps',
    why: 'one value in, at most one out, at once',
    apply: (source) =>
      source.pipe(
        map(byte),
        filter(() => true),
        scan((sum, value) => sum + value, 0),
        tap(() => {}),
      ),
  },
  {
    operator: '`take`, `skip`, `takeUntil`, `distinctUntilChanged`, `startWith`',
    scope: 'keeps',
    why: 'they only choose',
    apply: (source) =>
      source.pipe(
        map(byte),
        skip(1),
        take(4),
        takeUntil(NEVER),
        distinctUntilChanged(),
        startWith(),
      ),
  },
  {
    operator: '`materialize`, `catchError`, `retry`, `repeat`, `timeout`',
    scope: 'keeps',
    why: 'values pass at once, whatever happens at the end',
    apply: (source) =>
      source.pipe(
        timeout({ each: 60_000 }),
        catchError(() => EMPTY),
        retry(1),
        repeat(1),
        materialize(),
      ),
  },
  {
    operator: '`pairwise`, `bufferCount`, `windowCount`',
    scope: 'keeps',
    why: 'the value that fills the group is the one that is held',
    apply: (source) =>
      source.pipe(
        map(byte),
        pairwise(),
        bufferCount(2, 1),
        windowCount(1),
        mergeMap((window) => window),
      ),
  },
  {
    operator: '`merge`, `mergeWith`',
    scope: 'keeps',
    why: 'the source whose value passes is held, the others are not',
    apply: (source) => merge(source, NEVER).pipe(mergeWith(NEVER)),
  },
  {
    operator: '`concat`, `concatWith`',
    scope: 'keeps',
    why: 'only one of them emits at a time',
    apply: (source) => source.pipe(concatWith(NEVER)),
  },
  {
    operator: '`zip`, `combineLatest`, `withLatestFrom`',
    scope: 'keeps',
    why: 'the source whose value completes the set is held; what has no partner yet waits in `zip`, without bound',
    apply: (source) =>
      source.pipe(zipWith(from([1, 2, 3, 4])), combineLatestWith(of('x')), withLatestFrom(of('y'))),
  },
  {
    operator: '`share`, `shareReplay`, `connect`',
    scope: 'keeps',
    why: 'a Subject emits inside the `next` that it is given; a replay to a late subscriber has no scope',
    apply: (source) =>
      source.pipe(
        share(),
        shareReplay(1),
        connect((shared) => shared),
      ),
  },
  {
    operator: '`groupBy`',
    scope: 'keeps',
    why: 'the groups share one source: one group that is held holds all of them',
    apply: (source) =>
      source.pipe(
        groupBy(byte),
        mergeMap((group) => group),
      ),
  },
  {
    operator:
      '`mergeMap`, `concatMap`, `switchMap`, `exhaustMap`, `mergeScan` of inners that end at once',
    scope: 'keeps',
    why: 'the inner emits while the outer value passes',
    apply: (source) =>
      source.pipe(
        mergeMap((value) => of(value)),
        concatMap((value) => [value]),
        switchMap((value) => of(value)),
        exhaustMap((value) => of(value)),
        mergeScan((sum, value) => of(sum + byte(value)), 0),
      ),
  },
  {
    operator: '`throttleTime` (leading)',
    scope: 'keeps',
    why: 'the leading value passes at once; a trailing one comes from a timer',
    apply: (source) => source.pipe(throttleTime(60_000)),
  },
  {
    operator: '`subscribeOn`',
    scope: 'keeps',
    why: 'only the subscription comes later',
    apply: (source) => source.pipe(subscribeOn(asapScheduler)),
  },
  {
    operator: '`lines`, `delimited`, `lengthPrefixed`, `fixedLength`, `frames`',
    scope: 'keeps',
    why: 'they stop between two frames and keep the rest',
    apply: (source) => source.pipe(lines({ maxLength: 1, whenTooLong: 'split' })),
  },
  {
    operator: '`mergeMapHeld`, `concatMapHeld`',
    scope: 'carries',
    why: 'they hold their source while they are at work, or held',
    apply: (source) => source.pipe(mergeMapHeld(soon, 2), concatMapHeld(soon)),
  },
  {
    operator: '`observeOnHeld`',
    scope: 'carries',
    why: 'its queue is bounded, and holds the source when it is full',
    apply: (source) => source.pipe(observeOnHeld(asyncScheduler, { limit: 1 })),
  },
  {
    operator: '`concatMap`, `mergeMap`, `mergeScan` of a promise',
    scope: 'leaves',
    why: 'the promise answers in a later turn, and what comes meanwhile queues: take `concatMapHeld` or `mergeMapHeld`',
    apply: (source) =>
      source.pipe(
        concatMap(soon),
        mergeMap(soon),
        mergeScan((sum, value) => soon(sum + byte(value)), 0),
      ),
  },
  {
    operator: '`concatAll`, `mergeAll`, `concatMapTo`, `mergeMapTo` of promises',
    scope: 'leaves',
    why: 'as `concatMap` and `mergeMap`, of which they are short forms',
    apply: (source) =>
      source.pipe(
        map(soon),
        concatAll(),
        map(soon),
        mergeAll(),
        // Deprecated, and found in many a program.
        /* eslint-disable @typescript-eslint/no-deprecated */
        concatMapTo(soon(1)),
        mergeMapTo(soon(2)),
        /* eslint-enable @typescript-eslint/no-deprecated */
      ),
  },
  {
    operator: '`switchMap`, `exhaustMap` of a promise',
    scope: 'leaves',
    why: 'the promise answers in a later turn; they drop what comes in between, so they are bounded',
    apply: (source) => source.pipe(exhaustMap(soon), switchMap(soon)),
  },
  {
    operator: '`delay`, `delayWhen`',
    scope: 'leaves',
    why: 'a timer emits, and nothing bounds what waits for it',
    apply: (source) =>
      source.pipe(
        delay(0),
        delayWhen(() => timer(0)),
      ),
  },
  {
    operator: '`observeOn`',
    scope: 'leaves',
    why: 'the scheduler emits, from a queue without bound: take `observeOnHeld`',
    apply: (source) => source.pipe(observeOn(asyncScheduler)),
  },
  {
    operator: '`debounceTime`, `auditTime`, `sampleTime`, `throttleTime` (trailing)',
    scope: 'leaves',
    why: 'a timer emits; they drop what comes in between, so they are bounded',
    apply: (source) => source.pipe(debounceTime(0), auditTime(0), sampleTime(1)),
  },
  {
    operator: '`bufferTime`, `windowTime`',
    scope: 'leaves',
    why: 'a timer emits, and nothing bounds what gathers meanwhile',
    apply: (source) =>
      source.pipe(
        bufferTime(1),
        filter((values) => values.length > 0),
      ),
  },
  {
    operator: '`buffer`, `bufferWhen`, `bufferToggle`',
    scope: 'leaves',
    why: 'a notifier emits, and nothing bounds what gathers until it does',
    apply: (source) =>
      source.pipe(
        buffer(interval(1)),
        bufferWhen(() => timer(1)),
        bufferToggle(interval(1), () => timer(1)),
        filter((values) => values.flat(2).length > 0),
      ),
  },
];

/** The lines of the table as docs/flow-control.md has them, less the line below the head. */
export function operatorRows(): string[] {
  const rows = operatorTable.map(
    ({ operator, scope, why }) => `| ${operator} | ${scope} | ${why} |`,
  );
  return ['| operator | scope | because |', ...rows];
}
