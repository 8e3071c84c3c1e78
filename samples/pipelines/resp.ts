/** What a command answers: a status, a number, bytes, nothing, a list, an error. */
export type Reply = string | number | Buffer | null | Error | readonly Reply[];

const MOST_ARGUMENTS = 1024;
const MOST_BYTES = 1 << 20;
const [ARRAY, BULK] = Buffer.from('*$');

/** A command of the Redis protocol, RESP 2 or by hand in a line, as a parser for `frames`. */
export function parseCommand(bytes: Buffer): readonly [Buffer[], number] | undefined {
  if (bytes[0] !== ARRAY) return parseLine(bytes);
  const count = lengthAt(bytes, 0, MOST_ARGUMENTS);
  if (count === undefined) return undefined;
  const command: Buffer[] = [];
  let at = count.next;
  for (let left = count.length; left > 0; left -= 1) {
    if (at >= bytes.length) return undefined;
    if (bytes[at] !== BULK) throw new Error("expected '$'");
    const bulk = lengthAt(bytes, at, MOST_BYTES);
    if (bulk === undefined || bytes.length < bulk.next + bulk.length + 2) return undefined;
    command.push(bytes.subarray(bulk.next, bulk.next + bulk.length));
    at = bulk.next + bulk.length + 2;
  }
  return [command, at];
}

function parseLine(bytes: Buffer): readonly [Buffer[], number] | undefined {
  const end = bytes.indexOf('\n');
  if (end < 0) return undefined;
  const words = bytes.toString('latin1', 0, end).match(/\S+/g) ?? [];
  return [words.map((word) => Buffer.from(word, 'latin1')), end + 1];
}

/** The number behind a type, and where what follows its line begins. */
function lengthAt(bytes: Buffer, from: number, most: number) {
  const end = bytes.indexOf('\r\n', from);
  const text = bytes.toString('latin1', from + 1, end < 0 ? bytes.length : end);
  if (end < 0 && text.length < 20) return undefined;
  const length = Number(text);
  if (!/^\d+$/.test(text) || length > most) throw new Error('invalid length');
  return { length, next: end + 2 };
}

/** A reply as RESP 2 has it on the wire. */
export function reply(value: Reply): string | Buffer {
  if (typeof value === 'string') return `+${value}\r\n`;
  if (typeof value === 'number') return `:${String(value)}\r\n`;
  if (value === null) return '$-1\r\n';
  if (value instanceof Error) return `-ERR ${value.message.replace(/[\r\n]/g, ' ')}\r\n`;
  if (value instanceof Buffer) {
    return Buffer.concat([Buffer.from(`$${String(value.length)}\r\n`), value, Buffer.from('\r\n')]);
  }
  const items = (value as readonly Reply[]).map((item) => Buffer.from(reply(item)));
  return Buffer.concat([Buffer.from(`*${String(items.length)}\r\n`), ...items]);
}
