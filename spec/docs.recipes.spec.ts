import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const text = readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8');
const blocks = [...text.matchAll(/^<!-- (samples\/\S+) -->\n\n```ts\n(.*?)^```$/gms)];
const included = blocks.map(([, file = '', source = '']) => [file, source] as const);
const recipes = readdirSync(join(ROOT, 'samples/recipes')).map((file) => file.slice(0, -3));

describe('docs/recipes.md', () => {
  // Without the comment at its head, which the page says in its own words.
  it.each(included)('has %s as it is: else run scripts/include.mjs', (file, source) => {
    const sample = readFileSync(join(ROOT, file), 'utf8').replace(/^\/\*\*.*?\*\/\n/s, '');
    expect(source).toBe(sample);
  });

  it('has no other code', () => {
    expect(text.match(/^```ts$/gm)).toHaveLength(included.length);
  });

  it.each(recipes)('says how to run %s', (name) => {
    expect(text).toContain(`npm run sample -- recipes/${name}`);
  });
});
