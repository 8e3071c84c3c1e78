import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLine } from './machine.mjs';
import { rootFolder } from './paths.mjs';
import { metrics } from './metrics.mjs';
import { goalRows, metricRows } from './rows.mjs';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Writes the plots, and the section between the markers of docs/performance.md; returns its path. */
export function writeDocument(report, plots) {
  const folder = join(rootFolder, 'docs/performance');
  mkdirSync(folder, { recursive: true });
  for (const { name, svg } of plots) writeFileSync(join(folder, `${name}.svg`), `${svg}\n`);
  const file = join(rootFolder, 'docs/performance.md');
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '# Performance\n';
  writeFileSync(file, insert(old, section(report, plots)));
  return 'docs/performance.md';
}

function insert(document, text) {
  const generated = `${BEGIN}\n\n${text}\n${END}`;
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) return `${document.trimEnd()}\n\n${generated}\n`;
  return document.slice(0, begin) + generated + document.slice(end + END.length);
}

function section({ machine, runs, timing, scenarios, results, judged }, plots) {
  const parts = [
    `Measured by \`npm run bench\`: ${machineLine(machine)}. Medians of ${runs} interleaved rounds, ` +
      `each with ${timing.warmup} s of warm-up and a window of ${timing.seconds} s.`,
  ];
  if (judged.length > 0) parts.push('### Goals', markdown(goalRows(judged)));
  parts.push(
    '### Figures',
    ...plots.map(({ name, title }) => `![${title}](performance/${name}.svg)`),
  );
  for (const metric of Object.keys(metrics)) {
    const table = metricRows(metric, scenarios, results);
    if (table !== undefined) parts.push(`### ${metrics[metric].title}`, markdown(table));
  }
  return `${parts.join('\n\n')}\n`;
}

/** A table as prettier leaves it. */
function markdown({ head, rows }) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const pad = (row) =>
    row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]),
    );
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(pad(head)), line(rule), ...rows.map((row) => line(pad(row)))].join('\n');
}
