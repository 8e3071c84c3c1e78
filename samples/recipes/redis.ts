/** A server of the Redis protocol (RESP 2), for a few of its commands: `redis-cli -p 40713 set a 1`. */
import { catchError, filter, map, of, takeWhile } from 'rxjs';
import { type Connection, frames, sendTo } from 'rxjs-libevent';
import { parseCommand, type Reply, reply } from '../pipelines/resp';
import { serverOptions } from '../support/serverOptions';
import { Site } from '../support/Site';

type Run = (...args: readonly Buffer[]) => Reply;

const store = new Map<string, Buffer>();
const keyOf = (key?: Buffer): string => String(key?.toString('latin1'));

/** Each command, with how many arguments it takes. */
const COMMANDS: Readonly<Record<string, readonly [least: number, most: number, run: Run]>> = {
  PING: [0, 1, (text?: Buffer) => text ?? 'PONG'],
  ECHO: [1, 1, (text?: Buffer) => text ?? null],
  GET: [1, 1, (key) => store.get(keyOf(key)) ?? null],
  SET: [2, 2, (key, value = Buffer.alloc(0)) => (store.set(keyOf(key), value), 'OK')],
  DEL: [1, Infinity, (...keys) => keys.filter((key) => store.delete(keyOf(key))).length],
  EXISTS: [1, Infinity, (...keys) => keys.filter((key) => store.has(keyOf(key))).length],
  MGET: [1, Infinity, (...keys) => keys.map((key) => store.get(keyOf(key)) ?? null)],
  INCR: [1, 1, increment],
  DBSIZE: [0, 0, () => store.size],
  FLUSHALL: [0, 1, () => (store.clear(), 'OK')],
  // What redis-cli and redis-benchmark ask before they begin.
  COMMAND: [0, Infinity, () => []],
  CONFIG: [1, Infinity, () => []],
  QUIT: [0, 0, () => 'OK'],
};

function increment(key?: Buffer): Reply {
  const value = Number((store.get(keyOf(key)) ?? '0').toString()) + 1;
  if (!Number.isSafeInteger(value)) return new Error('value is not an integer or out of range');
  store.set(keyOf(key), Buffer.from(String(value)));
  return value;
}

function run([name, ...args]: readonly Buffer[]): Reply {
  const text = String(name);
  const [least, most, command] = COMMANDS[text.toUpperCase()] ?? [];
  if (command === undefined) return new Error(`unknown command '${text.slice(0, 128)}'`);
  if (args.length < Number(least) || args.length > Number(most)) {
    return new Error(`wrong number of arguments for '${text.toLowerCase()}' command`);
  }
  return command(...args);
}

const isQuit = (command: readonly Buffer[]): boolean => /^quit$/i.test(String(command[0]));

function redis(conn: Connection) {
  return conn.pipe(
    frames(parseCommand, { maxLength: 4 << 20 }),
    filter((command) => command.length > 0),
    takeWhile((command) => !isQuit(command), true),
    map(run),
    // What is no command ends the connection, with the reason.
    catchError((error: Error) => of(new Error(`Protocol error: ${error.message}`))),
    map(reply),
    sendTo(conn),
  );
}

new Site(serverOptions('redis', 'A server of the Redis protocol.')).serve(redis);
