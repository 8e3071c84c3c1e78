import type { Connection } from '../connection/Connection';

/** Closes connections gracefully, and waits until they have closed, at most for `deadlineMs`. */
export async function closeConnections(
  connections: readonly Connection[],
  deadlineMs: number,
): Promise<void> {
  const closed = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        connection.whenClosed.subscribe({ complete: resolve });
        connection.close(deadlineMs);
      }),
  );
  let timer: NodeJS.Timeout | undefined;
  // A connection that is closing already may have a later deadline of its own.
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([Promise.all(closed), deadline]);
  clearTimeout(timer);
}
