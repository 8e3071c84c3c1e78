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

/**
 * Relays of several connections, through stages, in both directions. The last one answers, or sends what it
 * has of its own; each end half-closes in its time.
 */
export function relays(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.5)) draft.base();
  const chain = Array.from({ length: random.integer(1, 4) }, () =>
    draft.link(undefined, quick(draft)),
  );
  for (const [
    index,
    {
      ends: [, near],
    },
  ] of chain.slice(0, -1).entries()) {
    const [far] = chain[index + 1].ends;
    if (random.chance(0.5)) {
      draft.add('relay', near, far, random.pick(STAGES), random.pick(STAGES));
    } else {
      draft.add('forward', near, far, random.pick(STAGES));
      draft.add('forward', far, near, random.pick(STAGES));
    }
  }
  const [first] = chain[0].ends;
  const [, last] = chain.at(-1).ends;
  const answers = random.chance(0.4);
  if (answers) draft.add('forward', last, last, random.pick(STAGES));
  for (const end of answers ? [first] : [first, last]) {
    if (random.chance(0.7)) draft.add('read', end, 'plain');
    draws(draft, random.integer(1, 10), [
      [6, () => draft.add('write', end, draft.length(), 'plain')],
      [2, () => draft.add('turn')],
      [1, () => draft.add('pause', random.integer(1, 10))],
      [1, () => draft.add('hold', end)],
      [1, () => draft.add('release', end)],
    ]);
    if (random.chance(0.6)) draft.add('complete', end);
  }
}

/** Chunks that are not so small that stages with a timer take for ever. */
function quick({ random }) {
  const high = random.pick([16_384, 65_536, 300_000]);
  return random.chance(0.5)
    ? {}
    : { read: { low: high >> 1, high }, write: { low: 0, high: 1000 } };
}
