import { concat, firstValueFrom, from, ignoreElements, lastValueFrom, take, toArray } from 'rxjs';
import {
  delimited,
  fixedLength,
  lengthPrefixed,
  lines,
  sendTo,
  type EolStyle,
} from 'rxjs-libevent';
import { allOf } from './support/emitted';
import { joined, type Joined } from './support/joined';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';

const base = newBase();
const open = openInEach();

afterAll(() => base.close());

async function ends(options?: Parameters<typeof joined>[1]): Promise<Joined> {
  const both = await joined(base, options);
  open.add(both.subscription);
  return both;
}

describe('evbuffer_readln: lines', () => {
  const text = 'a\nb\r\nc\rd\n\re\0f\n';

  it.each<[string, EolStyle, string[]]>([
    ['EVBUFFER_EOL_LF', 'lf', ['a', 'b\r', 'c\rd', '\re\0f']],
    ['EVBUFFER_EOL_CRLF', 'crlf', ['a', 'b', 'c\rd', '\re\0f']],
    ['EVBUFFER_EOL_CRLF_STRICT', 'crlfStrict', ['a\nb', 'c\rd\n\re\0f\n']],
    ['EVBUFFER_EOL_ANY', 'any', ['a', 'b', 'c', 'd', 'e\0f']],
    ['EVBUFFER_EOL_NUL', 'nul', ['a\nb\r\nc\rd\n\re', 'f\n']],
  ])('%s', async (_name, eol, expected) => {
    const { client, server } = await ends();
    const read = lastValueFrom(server.pipe(lines({ eol }), toArray()));
    client.next(text);
    client.complete();
    expect(await read).toEqual(expected);
  });
});

describe('evbuffer_remove, evbuffer_copyout: chunks and framers', () => {
  it('takes a number of bytes, and leaves the others for the next', async () => {
    const { client, server } = await ends();
    client.next('12345\0rest\n');
    const five = await firstValueFrom(server.pipe(fixedLength(5)));
    expect(five.toString()).toBe('12345');
    const nothing = await firstValueFrom(server.pipe(delimited('\0')));
    expect(nothing.toString()).toBe('');
    expect(await firstValueFrom(server.pipe(lines()))).toBe('rest');
  });

  it('evbuffer_prepend, evbuffer_unread: gives back what has been taken', async () => {
    const { client, server } = await ends();
    client.next('header body');
    const chunk = await firstValueFrom(server);
    expect(server.unread(chunk.subarray(7))).toBe(true);
    expect(server.inputBytes).toBe(4);
    expect((await firstValueFrom(server)).toString()).toBe('body');
  });

  it('takes frames that say how long they are', async () => {
    const { client, server } = await ends();
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('abc')]);
    const read = lastValueFrom(server.pipe(lengthPrefixed({ prefixBytes: 4 }), take(2), toArray()));
    client.next(frame.subarray(0, 2));
    client.next(Buffer.concat([frame.subarray(2), frame]));
    expect((await read).map(String)).toEqual(['abc', 'abc']);
  });
});

describe('evbuffer_search: delimited', () => {
  it('finds a separator that comes in two pieces', async () => {
    const { client, server } = await ends();
    const parts = lastValueFrom(server.pipe(delimited('--end--'), toArray()));
    client.next('one--end--two--en');
    await until(() => client.outputBytes === 0);
    client.next('d--');
    client.complete();
    expect((await parts).map(String)).toEqual(['one', 'two']);
  });
});

describe('evbuffer_drain: fixedLength, ignored', () => {
  it('skips a number of bytes, and leaves the others', async () => {
    const { client, server } = await ends();
    client.next(Buffer.concat([pattern(100_000), Buffer.from('behind')]));
    client.complete();
    const skipped = server.pipe(fixedLength(100_000), take(1), ignoreElements());
    expect(String(await allOf(concat(skipped, server)))).toBe('behind');
  });
});

describe('evbuffer_add_cb: events and drained', () => {
  it('reports when the output has grown above its mark, and when it has left', async () => {
    const { client, server } = await ends({ client: { write: { low: 0, high: 1000 } } });
    const reported: string[] = [];
    open.add(client.events.subscribe(({ type }) => reported.push(type)));
    const drained = firstValueFrom(client.drained);
    client.next(pattern(1001));
    expect(reported).toEqual(['saturated']);
    open.add(server.subscribe());
    await drained;
    expect(reported).toEqual(['saturated', 'drained']);
    expect(client.outputBytes).toBe(0);
  });
});

describe('evbuffer_get_length: inputBytes and outputBytes', () => {
  it('counts what waits for a reader', async () => {
    const { server } = await ends();
    server.unread(pattern(1000));
    expect(server.inputBytes).toBe(1000);
    expect((await firstValueFrom(server)).length).toBe(1000);
    expect(server.inputBytes).toBe(0);
  });

  it('counts what has been written and has not left, in bytes of the encoding', async () => {
    const { client, server } = await ends();
    client.next('é');
    expect(client.outputBytes).toBe(2);
    await until(() => client.outputBytes === 0);
    const latin = await ends({ client: { encoding: 'latin1' } });
    latin.client.next('é');
    expect(latin.client.outputBytes).toBe(1);
    expect(await firstValueFrom(latin.server)).toEqual(Buffer.from([0xe9]));
    open.add(server.subscribe());
  });
});

describe('evbuffer_add, evbuffer_add_reference: writes', () => {
  it('evbuffer_add_printf: takes what a template makes', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    for (const [name, count] of [['é', 1] as const, ['ü', 2] as const]) {
      client.next(`${name} is ${count.toFixed(2)}\n`);
    }
    client.complete();
    expect((await received).toString()).toBe('é is 1.00\nü is 2.00\n');
  });

  it('copies a small chunk: it may be used again at once', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const chunk = Buffer.from('first');
    client.next(chunk);
    chunk.write('other');
    client.next(chunk);
    client.complete();
    expect((await received).toString()).toBe('firstother');
  });

  it('passes a large chunk by reference, without a copy', async () => {
    const { client, server } = await ends({ client: { maxOutputBytes: 2 ** 26 } });
    // More than the system takes while nobody reads.
    const content = pattern(50_000_000);
    const before = base.stats;
    client.next(content);
    await until(() => base.stats.references > before.references);
    const received = allOf(server);
    client.complete();
    expect((await received).equals(content)).toBe(true);
    const after = base.stats;
    expect(after.references - before.references).toBe(1);
    expect(after.copies - before.copies).toBe(0);
  });

  it('keeps the order of what went either way', async () => {
    const { client, server } = await ends();
    const parts = [10, 100_000, 1, 16_383, 16_384, 16_385, 3, 500_000].map((bytes) =>
      pattern(bytes),
    );
    const received = allOf(server);
    await lastValueFrom(from(parts).pipe(sendTo(client)), { defaultValue: undefined });
    client.complete();
    expect((await received).equals(Buffer.concat(parts))).toBe(true);
  });
});
