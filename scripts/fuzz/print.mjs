import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { families } from './steps/index.mjs';

const folder = fileURLToPath(new URL('./', import.meta.url));

/** A program as JavaScript that needs nothing but `rxjs-libevent`. */
export function print({ seed, kinds, early, steps }, finding) {
  const used = new Set(steps.map(([name]) => name));
  const files = [];
  collect('run/World.mjs', files);
  collect('run/settle.mjs', files);
  for (const [family, functions] of Object.entries(families)) {
    if (Object.keys(functions).some((name) => used.has(name)))
      collect(`steps/${family}.mjs`, files);
  }
  const imports = new Map();
  const bodies = files.map((file) => body(file, imports));
  const lines = steps.map(([name, ...args]) => {
    const waits =
      find(name).constructor.name === 'AsyncFunction' || name === 'turn' || name === 'pause';
    return `${waits ? 'await ' : ''}${name}(${['world', ...args.map(text)].join(', ')});`;
  });
  return `// Seed ${seed}. ${finding.kind}: ${finding.text.replaceAll('\n', '\n// ')}
//
// node PROGRAM [FOLDER]: with the package in FOLDER, or in node_modules. The steps stand at the end.
import { createRequire } from 'node:module';
${[...imports].map(([from, names]) => `import { ${[...names].sort().join(', ')} } from '${from}';`).join('\n')}

${bodies.join('\n')}
/** A reactor that spins lets no process end in peace. */
function failed({ kind, text }) {
  console.error(\`\${kind}: \${text}\`);
  process.kill(process.pid, 'SIGKILL');
}

const require = createRequire(process.argv[2] ? \`\${process.argv[2]}/package.json\` : import.meta.url);
const path = require.resolve('rxjs-libevent');
const world = new World({
  library: require(path),
  rxjs: require('rxjs'),
  path,
  seed: ${seed},
  kinds: ${text(kinds)},
  report: failed,
});
process.on('uncaughtException', (error) => world.fail('threw', error.stack));

await world.begin();
${lines.join('\n')}
await settle(world, ${early});
await world.finish();
console.log('nothing found');
`;
}

function find(name) {
  return Object.values(families).find((functions) => name in functions)[name];
}

/** A file after those that it imports. */
function collect(file, files) {
  if (files.includes(file)) return;
  for (const [, other] of source(file).matchAll(/^import .* from '(\..*)';$/gm)) {
    collect(new URL(other, `file:///${file}`).pathname.slice(1), files);
  }
  if (!files.includes(file)) files.push(file);
}

function body(file, imports) {
  for (const [, names, from] of source(file).matchAll(/^import \{ (.*) \} from '(node:.*)';$/gm)) {
    const known = imports.get(from) ?? new Set();
    imports.set(from, known);
    for (const name of names.split(', ')) known.add(name);
  }
  const text = source(file)
    .replace(/^import .*\n/gm, '')
    .replace(/^export /gm, '')
    .trim();
  return `// ${file}\n${text}\n`;
}

function source(file) {
  return readFileSync(`${folder}${file}`, 'utf8');
}

function text(value) {
  return JSON.stringify(value)
    .replaceAll('"', "'")
    .replace(/'(\w+)':/g, ' $1: ')
    .replace(/\}/g, ' }')
    .replaceAll(',', ', ')
    .replaceAll('{ }', '{}')
    .replace(/ +/g, ' ');
}
