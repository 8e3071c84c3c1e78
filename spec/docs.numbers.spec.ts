import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectOptions } from '../lib/connection/ConnectConfig';
import { connectionOptions } from '../lib/connection/ConnectionConfig';
import { listenOptions } from '../lib/connection/ListenConfig';
import { ACCEPT_CREDIT } from '../lib/connection/Listening';
import { DEFAULT_DROP_ABOVE_BYTES } from '../lib/connection/WhenSaturated';

const ROOT = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const KiB = 1024;
const MiB = 1024 * KiB;

/** What a constant of the sources is: a number, or a product, power or shift of numbers. */
function constant(file: string, name: string): number {
  const found = new RegExp(`\\b${name} ?[=:] ?([^;,}]+?)u?\\s*[;,}]`).exec(read(file));
  const [left = '', operator, right] = (found?.[1] ?? '')
    .replace(/_|(?<=\d)u/g, '')
    .split(/ (\*\*?|<<) /);
  const by = right === undefined ? 1 : Number(right);
  if (operator === '**') return Number(left) ** by;
  if (operator === '<<') return Number(left) * 2 ** by;
  return Number(left) * by;
}

/** The default of an option that is a whole number: the last argument of its check. */
function optionDefault(file: string, name: string): number {
  const found = new RegExp(`\\b${name}: option\\.integer\\([^)]*, ([\\d_]+)\\)`).exec(
    read(`lib/${file}`),
  );
  return Number(found?.[1]?.replaceAll('_', ''));
}

const { read: readMarks, write: writeMarks, maxOutputBytes } = connectionOptions({});
const { high: mark, low } = writeMarks;
const lineBytes = constant('lib/framing/TerminatedConfig.ts', 'DEFAULT_MAX_LENGTH');
const frameBytes = constant('lib/framing/LengthPrefix.ts', 'DEFAULT_MAX_LENGTH');
const ringBytes = constant('lib/base/Reactor.ts', 'RING_RECORDS') * 16;
const blockBytes = constant('native/ring.h', 'kArenaBlockBytes');
const arenaBytes = constant('native/ring.h', 'kArenaBlocks') * blockBytes;
const slots = 2 ** constant('native/ring.h', 'kSlotBits');
const pieces = constant('native/lent_memory.h', 'kCount');
const turn = 'native/reactor_submissions.cc';

/** Each number in a table of bounds, in the order of reading, by what the sources say. */
const TABLES: readonly (readonly [file: string, from: string, to: string, numbers: number[]])[] = [
  [
    'README.md',
    '**Memory**',
    '**One JavaScript',
    [readMarks.high, mark, maxOutputBytes, ACCEPT_CREDIT, 6 * MiB],
  ],
  [
    'docs/architecture.md',
    '| Per reactor ',
    '\n## Where this departs',
    [
      2 * ringBytes + arenaBytes,
      1.25 * MiB,
      ACCEPT_CREDIT,
      constant(turn, 'kRecordsPerTurn'),
      constant(turn, 'kBytesPerTurn'),
      constant('native/reactor.cc', 'kCallbacksPerPass'),
      slots - 1,
      pieces - 1,
      constant('native/log_binding.cc', 'kMostMessages'),
    ],
  ],
];

/** Single sentences: the number that the expression finds. */
const SENTENCES: readonly (readonly [file: string, sentence: RegExp, number: number])[] = [
  ['docs/flow-control.md', /by default (\d+) high/, mark],
  ['docs/flow-control.md', /high and (\d+) low/, low],
  [
    'docs/architecture.md',
    /at most ([\d,]+) of them or/,
    constant('lib/base/Reactor.ts', 'DRAIN_RECORDS'),
  ],
  ['docs/architecture.md', /of them or (\d+) ms/, constant('lib/base/Reactor.ts', 'DRAIN_MS')],
  [
    'docs/architecture.md',
    /(\d+) chunks a turn/,
    constant('lib/connection/Input.ts', 'BURST_CHUNKS'),
  ],
  [
    'docs/architecture.md',
    /of up to (\d+ KiB) is copied/,
    constant('native/waiting_output.cc', 'kMostCopied'),
  ],
  ['docs/flow-control.md', /\((\d+ MiB) by default\) fails/, maxOutputBytes],
  ['docs/flow-control.md', /`dropAboveBytes`, (\d+ MiB) by default/, DEFAULT_DROP_ABOVE_BYTES],
  ['docs/flow-control.md', /not emitted, of a listener +\| (\d+) connections/, ACCEPT_CREDIT],
  ['docs/flow-control.md', /`write.high`, (\d+) KiB a connection/, (2 * mark) / KiB],
  ['docs/ends.md', /`idleTimeoutMs` +\| +(\d+)/, connectionOptions({}).idleTimeoutMs],
  ['docs/ends.md', /`readTimeoutMs` +\| +(\d+)/, connectionOptions({}).readTimeoutMs],
  ['docs/ends.md', /`writeTimeoutMs` +\| +(\d+)/, connectionOptions({}).writeTimeoutMs],
  ['docs/ends.md', /`connectTimeoutMs` +\| +(\d+)/, connectOptions({ port: 1 }).connectTimeoutMs],
  ['docs/ends.md', /`closeDeadlineMs` +\| +(\d+)/, connectOptions({ port: 1 }).closeDeadlineMs],
  [
    'docs/ends.md',
    /`shutdownDeadlineMs` +\| +(\d+)/,
    optionDefault('connection/serve.ts', 'shutdownDeadlineMs'),
  ],
  [
    'docs/ends.md',
    /`handshakeTimeoutMs` +\| +(\d+)/,
    optionDefault('connection/TlsConfig.ts', 'handshakeTimeoutMs'),
  ],
  ['docs/operations.md', /`write.high` \((\d+) bytes each\)/, mark],
  ['docs/operations.md', /`maxOutputBytes` \((\d+) bytes\)/, maxOutputBytes],
  ['docs/operations.md', /connection: (\d+ KiB) of marks/, readMarks.high + mark],
  ['docs/operations.md', /(\d+ KiB) for lines/, lineBytes],
  ['docs/operations.md', /(\d+ MiB) for length prefixes/, frameBytes],
  ['docs/libevent.md', /`backlog: (\d+)`/, listenOptions({ port: 0 }).backlog],
  [
    'docs/libevent.md',
    /cut off at (\d+) bytes/,
    constant('lib/connection/unixPath.ts', 'MAX_PATH_BYTES'),
  ],
  [
    'docs/libevent.md',
    /accepting rests for (\d+) ms/,
    constant('native/listener.cc', 'kRetryMilliseconds'),
  ],
  ['docs/architecture.md', /completion ring +\| ([\d,]+) records/, ringBytes / 16],
  ['docs/architecture.md', /completion ring +\| [\d,]+ records, (\d+ KiB)/, ringBytes],
  ['docs/architecture.md', /submission ring +\| [\d,]+ records, (\d+ KiB)/, ringBytes],
  ['docs/architecture.md', /read arena +\| (\d+) blocks/, arenaBytes / blockBytes],
  ['docs/architecture.md', /read arena +\| \d+ blocks of (\d+ KiB)/, blockBytes],
];

function numberOf(text: string): number {
  const [digits = '', unit] = text.split(' ');
  const factor = unit === 'KiB' ? KiB : unit === 'MiB' ? MiB : 1;
  return Number(digits.replaceAll(',', '')) * factor;
}

describe('the numbers of README and docs', () => {
  it.each(TABLES)('%s: each number of the table from "%s" is that of the sources', (...row) => {
    const [file, from, to, numbers] = row;
    const [, after = ''] = read(file).split(from);
    const [table = ''] = after.split(to);
    const stated = table.match(/\d[\d,.]*(?: [KM]iB)?/g) ?? [];
    expect(stated.map(numberOf)).toEqual(numbers);
  });

  it.each(SENTENCES)('%s: %s is that of the sources', (file, sentence, number) => {
    expect(numberOf(sentence.exec(read(file))?.[1] ?? 'absent')).toBe(number);
  });
});
