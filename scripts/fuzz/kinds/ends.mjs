import { common, draws, withEnd } from './common.mjs';

const STAGES = ['none', 'observeOn', 'scheduler', 'concatMap', 'mergeMap', 'timer'];

/** Whether what is lost is said: ends of all sorts, with stages that take their time. */
export function ends(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.3)) draft.base();
  for (let count = random.integer(1, 4); count > 0; count -= 1) draft.link();
  draws(draft, random.integer(5, 20), [
    ...common,
    [5, () => withEnd(draft, (end) => draft.add('forward', end, end, random.pick(STAGES)))],
    [2, () => draft.sendFile()],
    [3, () => withEnd(draft, (end) => draft.add('complete', end))],
    [2, () => withEnd(draft, (end) => draft.add('close', end, random.pick([5, 50, 300])))],
    [1, () => withEnd(draft, (end) => draft.add('reset', end))],
    [1, () => withEnd(draft, (end) => draft.add('destroy', end))],
    [1, () => withEnd(draft, (end) => draft.add('error', end))],
    [
      1,
      () =>
        withEnd(draft, (end) =>
          draft.add('timeouts', end, random.integer(0, 20), random.integer(0, 20)),
        ),
    ],
  ]);
}

/** Relays of several connections, through stages, in both directions; each end half-closes in its time. */
export function relays(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.5)) draft.base();
  const chain = Array.from({ length: random.integer(1, 4) }, () => draft.link());
  const slow = chain.some((link) => link.slow);
  const stage = random.pick(STAGES);
  for (const [
    index,
    {
      ends: [, near],
    },
  ] of chain.entries()) {
    const next = chain[index + 1];
    const [far] = next?.ends ?? [near];
    draft.add('forward', near, far, random.chance(0.5) ? stage : random.pick(STAGES));
    if (next) draft.add('forward', far, near, random.pick(STAGES));
  }
  const [first] = chain[0].ends;
  if (random.chance(0.7)) draft.add('read', first, 'plain');
  draws(draft, random.integer(3, 15), [
    [6, () => draft.add('write', first, draft.length({ slow }), 'plain')],
    [2, () => draft.add('turn')],
    [1, () => draft.add('pause', random.integer(1, 10))],
    [1, () => draft.add('hold', first)],
    [1, () => draft.add('release', first)],
  ]);
  if (random.chance(0.6)) draft.add('complete', first);
}
