import { common, draws, withEnd } from './common.mjs';

/** Ordinary traffic: writes of all sizes, readers that come, pause and go, answers and relays. */
export function streams(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.5)) draft.base();
  for (let count = random.integer(1, 6); count > 0; count -= 1) draft.link();
  draws(draft, random.integer(10, 60), [
    ...common,
    [10, () => draft.write()],
    [3, () => withEnd(draft, (end) => draft.add('forward', end, end, 'none'))],
    [2, () => withEnd(draft, (end) => draft.add('forward', end, draft.anyEnd(), 'none'))],
    [3, () => withEnd(draft, (end) => draft.add('read', end, random.pick(['plain', 'unread'])))],
    [
      2,
      () =>
        withEnd(draft, (end) =>
          draft.add('burst', end, random.integer(2, 100), random.integer(1, 3000), 'plain'),
        ),
    ],
  ]);
}
