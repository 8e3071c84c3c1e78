/**
 * A smaller program that still fails: without steps, then with less in them.
 *
 * @param fails whether a program fails
 * @param until when to stop, as `performance.now()`
 */
export async function shrink(program, fails, until) {
  let smallest = program;
  let smaller = true;
  while (smaller && performance.now() < until) {
    smaller = false;
    for (const candidate of candidates(smallest.steps)) {
      if (performance.now() >= until) break;
      const tried = { ...smallest, steps: candidate() };
      if (!(await fails(tried))) continue;
      smallest = tried;
      smaller = true;
      break;
    }
  }
  return smallest;
}

/** Halves first, then quarters, down to single steps; then arguments. */
function* candidates(steps) {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let from = steps.length - size; from >= 0; from -= size) {
      yield () => [...steps.slice(0, from), ...steps.slice(from + size)];
    }
  }
  for (const [index, step] of steps.entries()) {
    for (const [at, argument] of step.entries()) {
      for (const less of simpler(argument)) yield () => replaced(steps, index, at, less);
    }
  }
}

function replaced(steps, index, at, argument) {
  const copy = steps.map((step) => [...step]);
  copy[index][at] = argument;
  return copy;
}

/** Each is smaller by some measure, so that it comes to an end. */
function* simpler(argument) {
  if (typeof argument === 'number' && argument > 1) {
    for (const round of [1, 1000, 20_000, 100_000]) if (round < argument) yield round;
    if (argument > 100 && argument >> 1 > 20_000) yield argument >> 1;
  } else if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
    for (const name of Object.keys(argument)) {
      const { [name]: removed, ...others } = argument;
      if (removed !== undefined) yield others;
    }
  }
}
