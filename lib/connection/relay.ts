import { Observable, merge } from 'rxjs';
import { Connection } from './Connection';
import { sendTo } from './sendTo';

/**
 * Sends what each of two connections receives to the other one.
 *
 * "Join them, and say when both have ended."
 *
 * ```
 * a's peer    --x---|
 * b's peer    ----y------|
 * to b        --x---|             FIN
 * to a        ----y------|        FIN
 * relay       -----------|
 * ```
 *
 * Each direction is held by the connection that it fills, so a peer that reads slowly slows the other
 * one down. A half-close passes as a half-close, whatever `allowHalfOpen` says: the other direction
 * goes on. Everything else passes as a reset: a connection that fails, and one that is ended from this
 * side before its peer has ended. So a connection that is gone takes the other one with it.
 *
 * A peer that has only sent FIN looks the same as one that has left: the relay lasts until the other
 * peer ends, or what it sends is refused. `idleTimeoutMs` bounds that.
 *
 * - **Subscribe**: cold; subscribes to both connections.
 * - **Next**: never.
 * - **Complete**: both peers have ended, and everything has been sent.
 * - **Error**: that of the first direction to fail, as in {@link sendTo}; both connections have got it,
 *   with RST.
 * - **Unsubscribe**: both connections are released and stay open; what has been written is sent.
 *
 * @throws TypeError unless both are connections, and not the same one
 *
 * @example
 * ```ts
 * serve((client) => connect(upstream, (server) => relay(client, server)));
 * ```
 * @see {@link sendTo}, {@link connect}
 */
export function relay(a: Connection, b: Connection): Observable<never> {
  if (!(a instanceof Connection && b instanceof Connection)) {
    throw new TypeError('relay needs two connections');
  }
  if (a === b) throw new TypeError('relay needs two connections, got the same one twice');

  return new Observable<never>((subscriber) => {
    // One that the other direction still fills stays open beyond the end of its peer.
    const release = [a.core.keepOpen(), b.core.keepOpen()];
    const [fromA, fromB] = [a.pipe(sendTo(b, { end: true })), b.pipe(sendTo(a, { end: true }))];
    const both = merge(fromA, fromB).subscribe({
      error: (error: unknown) => {
        a.error(error);
        b.error(error);
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    });
    subscriber.add(both);
    subscriber.add(() => {
      for (const letClose of release) letClose();
    });
  });
}
