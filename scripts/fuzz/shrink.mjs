/**
 * A smaller program that still fails: without steps, then with less in those that are left, until
 * nothing more goes.
 *
 * @param fails whether a program fails
 * @param until when to stop, as `performance.now()`
 */
export async function shrink(program, fails, until) {
  let { steps } = program;
  let before;
  do {
    before = JSON.stringify(steps);
    for (let size = steps.length >> 1; size >= 1; size >>= 1) {
      for (let from = steps.length - size; from > -size; from -= size) {
        await keep([...steps.slice(0, Math.max(0, from)), ...steps.slice(from + size)]);
      }
    }
    for (let index = steps.length - 1; index >= 0; index -= 1) {
      for (let at = 1; at < steps[index].length; at += 1) {
        for (const less of simpler(steps[index][at])) {
          if (await keep(replaced(steps, index, at, less))) break;
        }
      }
    }
  } while (JSON.stringify(steps) !== before && performance.now() < until);
  return { ...program, steps };

  async function keep(fewer) {
    if (performance.now() >= until || !(await fails({ ...program, steps: fewer }))) return false;
    steps = fewer;
    return true;
  }
}

function replaced(steps, index, at, argument) {
  const copy = [...steps];
  copy[index] = [...steps[index]];
  copy[index][at] = argument;
  return copy;
}

/** Each is smaller by some measure, so that it comes to an end; the smallest first. */
function* simpler(argument) {
  if (typeof argument === 'number' && argument > 1) {
    for (const round of [1, 100, 1000, 20_000, 100_000]) if (round < argument) yield round;
    if (argument > 100 && argument >> 1 > 20_000) yield argument >> 1;
  } else if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
    if (Object.keys(argument).length > 1) yield {};
    for (const name of Object.keys(argument)) {
      const { [name]: removed, ...others } = argument;
      if (removed !== undefined) yield others;
    }
  }
}
