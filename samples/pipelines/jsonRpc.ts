import {
  catchError,
  concatWith,
  defer,
  exhaustMap,
  finalize,
  ignoreElements,
  map,
  merge,
  Observable,
  of,
  Subject,
  type Subscriber,
  takeUntil,
  tap,
  throwError,
  timeout,
} from 'rxjs';
import { type Connection, type EventBase, lines, mergeMapHeld } from 'rxjs-libevent';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface JsonRpcOptions {
  /** Questions under way. */
  readonly concurrency: number;
  readonly answerWithinMs: number;
  readonly heartbeatMs: number;
}

/**
 * Asks a JSON-RPC server each question, a method and its parameters, and emits the answers in the order
 * of their coming. Fails when the server has gone, or does not answer a ping; so do the questions that
 * are under way.
 */
export function jsonRpc(
  conn: Connection,
  base: Pick<EventBase, 'timer'>,
  questions: Observable<string>,
  { concurrency, answerWithinMs, heartbeatMs }: JsonRpcOptions,
): Observable<string> {
  const asked = new Map<number, Subscriber<unknown>>();
  const finished = new Subject<void>();
  let last = 0;

  const call = (method: string, params?: unknown): Observable<unknown> =>
    new Observable<unknown>((subscriber) => {
      const id = (last += 1);
      asked.set(id, subscriber);
      conn.next(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      return () => asked.delete(id);
    }).pipe(timeout({ first: answerWithinMs }));

  const answers = conn.pipe(
    lines(),
    map((line) => JSON.parse(line) as Answer),
    tap(({ id, result, error }) => {
      // One that is not known has come too late.
      const subscriber = asked.get(id);
      if (error !== undefined) subscriber?.error(new Error(error.message));
      subscriber?.next(result);
      subscriber?.complete();
    }),
    concatWith(throwError(() => new Error('the server has closed'))),
  );
  const heartbeat = base.timer(heartbeatMs, heartbeatMs).pipe(exhaustMap(() => call('ping')));
  const alive = merge(answers, heartbeat).pipe(
    catchError((error: unknown) => {
      for (const subscriber of asked.values()) subscriber.error(error);
      return throwError(() => error);
    }),
    ignoreElements(),
    takeUntil(finished),
  );
  const answered = questions.pipe(
    mergeMapHeld((question) => {
      const [method = '', params = '[]'] = question.split(/ (.*)/);
      return defer(() => call(method, JSON.parse(params))).pipe(
        map((result) => `${question}: ${JSON.stringify(result)}`),
        catchError((error: unknown) => of(`${question}: ${String(error)}`)),
      );
    }, concurrency),
    finalize(() => finished.next()),
  );
  return merge(alive, answered);
}
