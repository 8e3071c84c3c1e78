import { common, draws, withEnd } from './common.mjs';

const METHODS = [
  'timeouts',
  'limit',
  'marks',
  'trigger',
  'priority',
  'close',
  'reset',
  'hold',
  'write',
];

/** Files, descriptors and places that change hands. */
export function leases(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.3)) draft.base();
  for (let count = random.integer(1, 4); count > 0; count -= 1) draft.link(['tcp', 'unix']);
  const on = () => draft.anyBase().id;
  draws(draft, random.integer(5, 25), [
    ...common,
    [6, () => draft.sendFile()],
    [4, () => openFifo(draft)],
    [
      4,
      () =>
        withFifo(draft, (id) =>
          draft.add('watch', on(), id, random.pick([['read'], ['write'], ['read', 'closed']])),
        ),
    ],
    [2, () => withFifo(draft, (id) => draft.add('poke', id))],
    [4, () => withFifo(draft, (id) => draft.add('closeFifo', id))],
    [1, () => draft.add('unwatch')],
    [
      3,
      () =>
        withEnd(draft, (end) =>
          draft.add('watchConnection', on(), end, random.pick([['read'], ['write'], ['closed']])),
        ),
    ],
    [3, () => draft.link(['tcp', 'unix'])],
    [1, () => withEnd(draft, (end) => draft.add('destroy', end))],
    [1, () => withEnd(draft, (end) => draft.add('reset', end))],
    [1, () => draft.add('death', draft.name('d'), on(), random.pick([false, 'read', 'write']))],
  ]);
  if (random.chance(0.15)) closedFirst(draft, on);
  if (random.chance(0.15)) {
    const times = random.pick([1, 2, 4095, 4096, 4097]);
    draft.add('stale', draft.name('s'), on(), times, random.pick(METHODS));
  }
  if (random.chance(0.15)) {
    const count = draft.many(random.pick([10, 50, 200]));
    draft.add(
      'failing',
      draft.name('f'),
      on(),
      on(),
      count,
      draft.many(random.pick([0, 200, 600])),
    );
  }
}

/** Its owner closes a descriptor that is watched, and what is opened next has its number. */
function closedFirst(draft, on) {
  const id = draft.fifos.length;
  draft.fifos.push(id);
  draft.add('fifo', id);
  draft.add('watch', on(), id, ['read']);
  draft.add('turn');
  draft.add('closeFifo', id);
  draft.write(draft.link(['tcp', 'unix']));
}

function openFifo(draft) {
  if (draft.fifos.length > 2) return withFifo(draft, (id) => draft.add('fifo', id));
  draft.fifos.push(draft.fifos.length);
  return draft.add('fifo', draft.fifos.length - 1);
}

function withFifo(draft, use) {
  if (draft.fifos.length > 0) use(draft.random.pick(draft.fifos));
}
