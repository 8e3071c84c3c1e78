import { common, draws, withEnd } from './common.mjs';

/** Whether every turn ends: levels, pairs that end in a hurry, a great deal at once. */
export function turns(draft) {
  const { random } = draft;
  const on = draft.base({ priorities: random.chance(0.25) ? random.pick([2, 3]) : 1 });
  const options = random.chance(0.5) ? undefined : {};
  for (let count = random.integer(1, 4); count > 0; count -= 1) draft.link(undefined, options);
  if (draft.bases[on].priorities > 1) levels(draft);
  draws(draft, random.integer(5, 25), [
    ...common,
    [8, () => draft.write()],
    [3, () => hurried(draft)],
    [1, () => draft.link(['pair'])],
    [3, () => withEnd(draft, (end) => draft.add('hold', end))],
    [2, () => withEnd(draft, (end) => draft.add('reset', end))],
    [2, () => withEnd(draft, (end) => draft.add('close', end, random.pick([50, 300])))],
    [2, () => withEnd(draft, (end) => draft.add('complete', end))],
    [1, () => withEnd(draft, (end) => draft.add('priority', end, random.integer(0, 2)))],
    [1, () => withEnd(draft, (end) => draft.add('forward', end, end, 'none'))],
    [3, () => draft.add('idle')],
    [3, () => draft.add('probe')],
  ]);
  draft.add('idle');
  draft.add('probe');
  if (random.chance(0.15)) {
    const to = draft.base({ priorities: 1 });
    draft.add(
      'broadcast',
      draft.name('c'),
      on,
      to,
      draft.many(random.pick([100, 300, 600])),
      random.integer(10_000, 70_000),
    );
  }
  if (random.chance(0.1)) draft.add('timers', on, random.pick([20_000, 100_000, 400_000]), 1);
  if (random.chance(0.1)) draft.add('waiters', draft.name('w'), on, random.pick([4000, 16_000]));
}

/** A pair that ends while one of it is full. */
function hurried(draft) {
  const { random } = draft;
  const { ends } = draft.link(['pair']);
  const [first, second] = random.chance(0.5) ? ends : [...ends].reverse();
  if (random.chance(0.7)) draft.add('read', first, 'plain');
  if (random.chance(0.5)) draft.add('hold', first);
  draft.add('write', second, random.integer(1000, 200_000), 'plain');
  if (random.chance(0.5)) draft.add('turn');
  draft.add(random.pick(['reset', 'close', 'complete', 'destroy']), random.pick(ends), 300);
  if (random.chance(0.5)) draft.add('complete', second);
  draft.add('idle');
}

/** One that is urgent and that nobody reads, one that answers. */
function levels(draft) {
  const urgent = draft.link(['tcp', 'unix'], { priority: 0 });
  const other = draft.link(['tcp', 'unix'], { priority: 1 });
  if (draft.random.chance(0.5)) draft.add('forward', other.ends[1], other.ends[1], 'none');
  for (const { ends } of [urgent, other]) draft.add('write', ends[0], 1_000_000, 'plain');
}
