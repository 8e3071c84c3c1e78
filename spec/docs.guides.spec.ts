import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { queueingOperators } from '../lib/eslint/queueingOperators';
import { problemsOf } from './support/problemsOf';

const ROOT = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const inDocs = readdirSync(join(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);
const shipped = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'native/README.md',
  'docs/performance/tables.md',
  ...inDocs,
];
const pages = [...shipped, 'CONTRIBUTING.md', 'bench/README.md'];

/** What is linked to, without what is on other machines. */
function linksIn(page: string): string[] {
  const text = read(page).replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
}

/** The anchors of a page's headings, as its readers make them. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const links = linksIn(page).map((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    return { link, target, anchor };
  });

  it('links to what there is', () => {
    const broken = links.filter(
      ({ target, anchor }) =>
        !existsSync(join(ROOT, target)) ||
        (anchor !== undefined && !anchorsOf(target).includes(anchor)),
    );
    expect(broken.map(({ link }) => link)).toEqual([]);
  });

  it('links to nothing that the package does not have, if the package has it', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const has = (target: string): boolean =>
      target === 'README.md' || files.some((file) => target.startsWith(file.split('*')[0] ?? file));
    const missing = links.filter(({ target }) => shipped.includes(page) && !has(target));
    expect(missing.map(({ link }) => link)).toEqual([]);
  });
});

describe('README, as npm shows it', () => {
  const text = read('README.md');

  it('links to no file, as npm knows no place for it: the plot alone is an image', () => {
    expect(linksIn('README.md')).toEqual(['docs/performance/slow-reader.svg']);
  });

  it('names each guide, and no other', () => {
    const named = [...text.matchAll(/^\| `(docs\/\S+\.md)`/gm)].map(([, file = '']) => file);
    expect(named.sort()).toEqual(inDocs.filter((file) => file !== 'docs/fuzzing.md').sort());
  });

  it('names exactly the operators that queue', () => {
    const [, after = ''] = text.split('## What queues');
    const [section = ''] = after.split('\n## ');
    const named = section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => line.split('|')[1]?.match(/\w+/g) ?? []);
    expect(named.sort()).toEqual([...queueingOperators.keys()].sort());
  });

  it('has the figures of the plot', () => {
    const [, ours, net] =
      /most: rxjs-libevent (\d+) MB, net \+ RxJS (\d+) MB/.exec(
        read('docs/performance/slow-reader.svg'),
      ) ?? [];
    const stated = [...text.matchAll(/grows by (\d+) MB/g)].map(([, megabytes]) => megabytes);
    expect(stated).toEqual([ours, ours, net]);
    expect(text.match(/RxJS by \d+ MB/g)).toEqual([`RxJS by ${net ?? ''} MB`]);
  });
});

describe('CONTRIBUTING', () => {
  const rules = [
    ...read('CONTRIBUTING.md').matchAll(/^\| ([FT]\d+) +\|.*\| `(spec\/\S+)` +\|$/gm),
  ].map(([, rule = '', file = '']) => [rule, file] as const);

  it('has each rule once', () => {
    expect(new Set(rules.map(([rule]) => rule)).size).toBe(20);
    expect(rules).toHaveLength(20);
  });

  it.each(rules)('%s has specs in %s, by its letter', (rule, file) => {
    expect(read(file)).toMatch(new RegExp(`['"\`]${rule}[:,]`));
  });
});

describe('the guides', () => {
  const GUIDES = ['getting-started', 'migrating', 'ends', 'operations', 'troubleshooting'];

  it('have code that the compiler takes', () => {
    const snippets = GUIDES.flatMap((guide) =>
      [...read(`docs/${guide}.md`).matchAll(/^```ts\n(.*?)^```$/gms)].map(
        ([, code = ''], index) => ({ where: `docs/${guide}.md, ${String(index + 1)}`, code }),
      ),
    );
    expect(snippets.length).toBeGreaterThan(8);
    expect(problemsOf('guides', snippets)).toEqual([]);
  });

  it('name no option, member or code that there is not', () => {
    const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`lib/${file}`))
      .join('\n');
    const native = ['native/ring.h', 'native/reactor.h'].map(read).join('\n');
    const named = GUIDES.flatMap((guide) => {
      const text = read(`docs/${guide}.md`)
        .replace(/^```.*?^```/gms, '')
        .split('\n')
        // What `net` has is on the left.
        .map((line) => (guide === 'migrating' ? line.replace(/^\|[^|]*\|/, '') : line))
        .join('\n');
      return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => [
        ...(code.match(/\bERR_[A-Z_]+|rxjs-libevent:[a-z:]+/g) ?? []),
        ...(code.match(/(?<=\b(?:conn|base|listener|stats)\.)\w+/g) ?? []),
        ...(code.match(/^\w+(?:Ms|Bytes|Connections|Seconds)\b/g) ?? []),
      ]);
    });
    const unknown = [...new Set(named)].filter(
      (name) => !sources.includes(name) && !native.includes(name),
    );
    expect(named.length).toBeGreaterThan(60);
    expect(unknown).toEqual([]);
  });
});
