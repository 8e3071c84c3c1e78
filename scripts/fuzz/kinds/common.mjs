/** What every program may do now and then. */
export const common = [
  [6, (draft) => draft.write()],
  [3, (draft) => withEnd(draft, (end) => draft.add('read', end, 'plain'))],
  [1, (draft) => withEnd(draft, (end) => draft.add('unsubscribe', end))],
  [2, (draft) => withEnd(draft, (end) => draft.add('hold', end))],
  [2, (draft) => withEnd(draft, (end) => draft.add('release', end))],
  [4, (draft) => draft.add('turn')],
  [1, (draft) => draft.add('pause', draft.random.integer(1, 20))],
  [1, (draft) => draft.link()],
  [1, (draft) => withEnd(draft, (end) => marks(draft, end))],
  [
    1,
    (draft) =>
      withEnd(draft, (end) => draft.add('trigger', end, draft.random.pick(['read', 'write']))),
  ],
  [1, (draft) => draft.add('timer', draft.anyBase().id, draft.random.pick([0, 0.25, 3]), null, 1)],
  [1, (draft) => draft.add('timer', draft.anyBase().id, 1, draft.random.pick([0.5, 2]), 3)],
];

/** Not so low that what is written takes for ever. */
function marks(draft, end) {
  const { low, high } = draft.marks();
  draft.add('marks', end, { low, high: Math.max(high, 1000) }, draft.marks());
}

export function withEnd(draft, use, of) {
  const end = draft.anyEnd(of);
  if (end) use(end);
}

/** `count` draws of `[weight, draw]`. */
export function draws(draft, count, pool) {
  for (let index = 0; index < count; index += 1) draft.random.weighted(pool)(draft);
}
