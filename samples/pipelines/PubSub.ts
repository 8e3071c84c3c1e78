import {
  EMPTY,
  filter,
  map,
  mergeMap,
  type MonoTypeOperatorFunction,
  type Observable,
  identity,
  Subject,
  take,
  throttle,
} from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';

interface Message {
  readonly topic: string;
  readonly text: string;
}

/** What becomes of messages that a reader cannot take, as it has said: */
const WISHES = {
  /** The publisher is held, and waits for it. */
  all: 'hold',
  /** They are dropped, beyond a megabyte. */
  some: 'drop',
  /** Of its topic only the newest waits. */
  newest: 'drop',
  /** Its connection ends. */
  none: 'close',
} as const;

/** While the connection is saturated, only the newest value waits. */
function newest<T>(conn: Connection): MonoTypeOperatorFunction<T> {
  const whileSaturated = () => (conn.saturated ? conn.drained.pipe(take(1)) : EMPTY);
  return throttle(whileSaturated, { leading: true, trailing: true });
}

/** Topics: `pub TOPIC TEXT` sends a line to all who have said `sub TOPIC`, or `sub TOPIC WISH`. */
export class PubSub {
  private readonly messages = new Subject<Message>();

  serve(conn: Connection): Observable<never> {
    return conn.pipe(
      lines(),
      mergeMap((line) => {
        const [, verb, topic = '', rest = ''] = /^(pub|sub) (\S+) ?(.*)$/.exec(line) ?? [];
        if (verb === undefined) throw new Error(`no command: ${JSON.stringify(line)}`);
        if (verb === 'sub') return this.subscribe(conn, topic, rest);
        this.messages.next({ topic, text: rest });
        return EMPTY;
      }),
    );
  }

  private subscribe(conn: Connection, topic: string, wish: string): Observable<never> {
    if (wish !== '' && !Object.hasOwn(WISHES, wish)) throw new Error(`no wish: ${wish}`);
    const whenSaturated = WISHES[wish === '' ? 'some' : (wish as keyof typeof WISHES)];
    return this.messages.pipe(
      filter((message) => message.topic === topic),
      wish === 'newest' ? newest(conn) : identity,
      map(({ text }) => `${topic} ${text}\n`),
      sendTo(conn, { whenSaturated }),
    );
  }
}
