import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| `ERR_'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** The codes that the sources have, as strings. */
function codesInLib(): string[] {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
  const sources = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'lib', file), 'utf8'))
    // Without comments: an example compares, and throws nothing.
    .map((source) => source.replace(/\/\*[^]*?\*\//g, ''));
  const codes = sources.flatMap((source) => source.match(/(?<=['"`])ERR_[A-Z_]+(?=['"`])/g) ?? []);
  return [...new Set(codes)].sort();
}

describe('docs/errors.md', () => {
  it('has a row for each code of the library, and for no other', () => {
    expect(rows.map(([, code = '']) => code)).toEqual(codesInLib().map((code) => `\`${code}\``));
  });

  it.each(rows.map(([, code = '', ...cells]) => [code, cells.slice(0, 3)] as const))(
    '%s: says when it comes, what to do, and the limit with its unit',
    (_code, cells) => {
      const [when = '', remedy = '', limit = ''] = cells;
      expect([when, remedy, limit]).not.toContain('');
      expect(limit).toMatch(/^none|, in bytes$/);
    },
  );
});
