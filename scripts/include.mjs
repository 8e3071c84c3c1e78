// node scripts/include.mjs: copies samples into docs/recipes.md, behind each `<!-- samples/... -->`. The
// spec of the docs says when it has to be run.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

const file = join(root, 'docs/recipes.md');
const text = readFileSync(file, 'utf8');

const included = text.replace(
  /^<!-- (samples\/\S+) -->\n\n```ts\n.*?^```$/gms,
  (_block, sample) => `<!-- ${sample} -->\n\n\`\`\`ts\n${withoutHeader(sample)}\`\`\``,
);
writeFileSync(file, included);

// What the comment at the head of a sample says, the page says in its own words.
function withoutHeader(sample) {
  return readFileSync(join(root, sample), 'utf8').replace(/^\/\*\*.*?\*\/\n/s, '');
}
