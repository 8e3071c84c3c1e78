import { settle } from './settle.mjs';

/** Takes the steps of a program, then lets all of it end. */
export async function run(world, { steps: program, early }, steps, onStep = () => {}) {
  await world.begin();
  for (const [index, [name, ...args]] of program.entries()) {
    onStep(index);
    const pending = steps[name](world, ...args);
    if (pending) await pending;
    if (world.finding !== undefined) return;
  }
  onStep(program.length);
  await settle(world, early);
  if (world.finding !== undefined) return;
  onStep(program.length + 1);
  await world.finish();
}
