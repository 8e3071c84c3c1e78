import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import * as library from 'rxjs-libevent';
import { specNames } from './support/specNames';

const ROOT = join(__dirname, '..');
const text = readFileSync(join(ROOT, 'docs/libevent.md'), 'utf8');

/** What is said to be `here`, in the second column of every table. */
const cells = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split(/(?<!\\)\|/)[2] ?? '');
const code = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span));

describe('docs/libevent.md', () => {
  const base = new library.EventBase();
  const [connection] = base.pair();
  const listener = base.listen({ port: 0 });
  const group = base.rateLimitGroup({ readBytesPerSecond: 1000 });
  const event = base.fd(-1);
  const subjects: Record<string, object> = {
    base,
    connection,
    listener,
    group,
    event,
    'connection.socket': connection.socket,
    'base.stats': base.stats,
    EventBase: library.EventBase,
    error: new library.LibeventError('ENOENT', 'open'),
  };

  afterAll(async () => {
    connection.destroy();
    await firstValueFrom(connection.whenClosed);
    await base.close();
  });

  const members = code.flatMap((span) =>
    [
      ...span.matchAll(
        /\b(base\.stats|connection\.socket|base|connection|listener|group|event|error|EventBase)\.(\w+)/g,
      ),
    ].map(([, subject = '', member = '']) => [subject, member] as const),
  );

  it('names at least each part of the library', () => {
    expect(new Set(members.map(([subject]) => subject)).size).toBe(Object.keys(subjects).length);
  });

  it.each(members.map((member) => [...member]))('%s.%s exists', (subject, member) => {
    expect(member in subjects[subject]!).toBe(true);
  });

  const functions = code.flatMap((span) =>
    [...span.matchAll(/(?<![.\w])([a-z]\w+)\(/g)].map(([, name = '']) => name),
  );
  const OTHERS = ['release', 'take', 'timeout'];

  it.each([...new Set(functions)].filter((name) => !OTHERS.includes(name)))(
    '%s is exported',
    (name) => {
      expect(library).toHaveProperty(name);
    },
  );

  it('says of each option what there is', () => {
    const options = code.flatMap((span) =>
      [...span.matchAll(/^(\w+)(?::|$)/g)].map(([, name = '']) => name),
    );
    const declared = [
      'base/EventBaseConfig',
      'connection/ListenConfig',
      'connection/ConnectionConfig',
      'connection/RateLimit',
      'connection/Timeouts',
      'events/TimerConfig',
      'events/FdConfig',
      'connection/serve',
      'base/EventBase',
    ]
      .map((file) => join(ROOT, `lib/${file}.ts`))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const known = (name: string): boolean =>
      new RegExp(`\\b${name}\\b`).test(declared) || name in library;
    const unknown = options.filter((name) => /^[a-z]+[A-Z]/.test(name) && !known(name));
    expect(unknown).toEqual([]);
  });
});

describe('docs/libevent.md, on the left', () => {
  const [tables = ''] = text.split('\n## Traps');
  const rows = tables
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    // Nothing is there to be shown.
    .filter(([, , here = '']) => !/^(absent|not needed|always: nobody)/.test(here));
  const calls = rows.flatMap(([, left = '']) =>
    [...left.matchAll(/\b(?:[a-z]*ev[a-z]*_\w+|evtimer\w*|evsignal\w*|[A-Z]*EV[A-Z]*_\w+)/g)].map(
      String,
    ),
  );
  const names = specNames(__dirname).join('\n');

  it('has a call or more in most rows', () => {
    expect(calls.length).toBeGreaterThan(rows.length);
  });

  it.each([...new Set(calls)])('%s has a spec that is named for it', (call) => {
    expect(new RegExp(`\\b${call}\\b`).test(names)).toBe(true);
  });
});

describe('docs/architecture.md, the contract of memory', () => {
  const [, contract = ''] = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').split(
    '### The contract of memory',
  );
  const [section = ''] = contract.split('\n## ');
  const clauses = [...section.matchAll(/^\| (.+?) +\| `(spec\/\S+)`: (.+?) +\|$/gm)];

  it('has a spec for each clause', () => {
    const rows = section.split('\n').filter((line) => /^\|.*spec\//.test(line));
    expect(clauses.length).toBe(rows.length);
    expect(clauses.length).toBeGreaterThan(15);
  });

  it.each(clauses.map(([, clause = '', file = '', title = '']) => [clause, file, title] as const))(
    '%s: by %s',
    (_clause, file, title) => {
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title);
    },
  );
});
