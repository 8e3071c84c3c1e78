import Table from 'cli-table3';
import pc from 'picocolors';
import { machineLine } from './machine.mjs';
import { goalRows, scenarioRows } from './rows.mjs';

/** Prints every scenario's medians, then the goals. */
export function printReport({ machine, runs, scenarios, results, judged }) {
  console.log(`${machineLine(machine)}\nMedians of ${runs} round(s).\n`);
  for (const { name, title } of scenarios) {
    if (results[name] === undefined) continue;
    console.log(`${pc.bold(name)}: ${title}`);
    printTable(scenarioRows(results[name]), (row) => row);
  }
  if (judged.length === 0) return;
  console.log(pc.bold('Goals'));
  printTable(goalRows(judged), (row) => [
    ...row.slice(0, -1),
    row.at(-1) === 'yes' ? pc.green('yes') : pc.red('no'),
  ]);
}

function printTable({ head, rows }, decorate) {
  const style = { head: [], border: [], compact: true };
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : 'right'));
  const table = new Table({ head, style, colAligns });
  table.push(...rows.map(decorate));
  console.log(`${table.toString()}\n`);
}
