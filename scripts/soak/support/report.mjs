const failures = [];

/** Prints one figure, and remembers when it is out of its bound. */
export function report(what, value, unit, most = Infinity) {
  const good = value <= most;
  const bound = most === Infinity ? '' : `  (at most ${format(most)} ${unit})`;
  console.log(
    `${good ? ' ' : '!'} ${what.padEnd(52)} ${format(value).padStart(10)} ${unit}${bound}`,
  );
  if (!good) failures.push(what);
}

/** Prints whether something holds. */
export function check(what, holds) {
  console.log(`${holds ? ' ' : '!'} ${what.padEnd(52)} ${(holds ? 'yes' : 'NO').padStart(10)}`);
  if (!holds) failures.push(what);
}

/** The last line of a script: its exit code says whether every bound has held. */
export function finish() {
  if (failures.length > 0) console.log(`FAILED: ${failures.join('; ')}`);
  process.exit(failures.length > 0 ? 1 : 0);
}

function format(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
