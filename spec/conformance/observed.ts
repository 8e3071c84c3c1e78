import type { Connection } from 'rxjs-libevent';
import { Gathered } from '../support/Gathered';
import { type Harness, type Observed, codeOf } from './Harness';

/** Subscribes and keeps what comes; the log has `C` or `E:CODE`. */
export function observed(conn: Connection): Observed & { unsubscribe(): void } {
  const gathered = new Gathered();
  const log: string[] = [];
  const subscription = conn.subscribe({
    next: (chunk) => {
      gathered.add(chunk);
    },
    error: (error: unknown) => log.push(`E:${codeOf(error)}`),
    complete: () => log.push('C'),
  });
  return {
    log,
    get bytes() {
      return gathered.bytes;
    },
    unsubscribe: () => {
      subscription.unsubscribe();
    },
  };
}

/** The events of a connection, as words; `closed` comes last. */
export function events(conn: Connection): string[] {
  const log: string[] = [];
  conn.events.subscribe((event) => {
    const direction = 'direction' in event ? `:${event.direction}` : '';
    const code = 'error' in event && event.error ? `:${event.error.code}` : '';
    log.push(event.type + direction + code);
  });
  return log;
}

/** Calls `tick` every `ms` ms, `count` times, by the clock that times connections out. */
export async function passTime(
  harness: Harness,
  ms: number,
  count: number,
  tick: () => void,
): Promise<void> {
  const { conn } = await harness.open({ readTimeoutMs: ms, whenTimeout: 'event' });
  observed(conn);
  let passed = 0;
  conn.events.subscribe(({ type }) => {
    if (type !== 'timeout' || passed === count) return;
    passed += 1;
    tick();
  });
  await harness.until('the ticks', () => passed === count);
  conn.destroy();
}
