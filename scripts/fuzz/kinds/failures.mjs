import { common, draws, withEnd } from './common.mjs';

const LOADS = ['bases', 'closing', 'echo', 'files'];
const sockets = ({ kind }) => kind !== 'pair';

/** What may fail: limits that change, descriptors that vanish, bases and workers that are ended. */
export function failures(draft) {
  const { random } = draft;
  draft.base(random.chance(0.4) ? { method: random.pick(['poll', 'select']) } : {});
  if (random.chance(0.4)) draft.base();
  for (let count = random.integer(1, 3); count > 0; count -= 1) draft.link(['tcp', 'unix']);
  const groups = [];
  const on = () => draft.anyBase().id;
  draws(draft, random.integer(5, 20), [
    ...common,
    [6, () => limited(draft)],
    [2, () => group()],
    [2, () => withGroup((id) => draft.add('regroup', id, draft.limit()))],
    [1, () => withGroup((id) => draft.add('closeGroup', id))],
    [3, () => fifos()],
    [1, () => withEnd(draft, (end) => draft.add('leave', end), sockets)],
    [1, () => withEnd(draft, (end) => draft.add('error', end))],
    [
      1,
      () =>
        withEnd(draft, (end) =>
          draft.add('timeouts', end, random.integer(0, 20), random.integer(0, 20)),
        ),
    ],
    [1, () => draft.add('pause', random.integer(5, 150))],
  ]);
  if (random.chance(0.25)) {
    const load = random.pick(LOADS);
    for (let count = random.integer(1, 4); count > 0; count -= 1) {
      draft.add('worker', load, random.integer(0, 30));
    }
  }
  if (random.chance(0.2)) draft.add('closeBase', on(), random.pick([0, 0, 100]));

  function group() {
    const id = draft.name('g');
    groups.push(id);
    draft.add('group', id, on(), draft.limit());
    withEnd(draft, (end) => draft.add('joinGroup', end, id), sockets);
  }

  function withGroup(use) {
    if (groups.length > 0) use(random.pick(groups));
  }

  /** The number of a descriptor that was watched is another's soon. */
  function fifos() {
    const id = draft.fifos.length;
    draft.fifos.push(id);
    draft.add('fifo', id);
    draft.add('watch', on(), id, ['read']);
    if (random.chance(0.5)) draft.add('turn');
    draft.add('closeFifo', id);
    if (random.chance(0.7)) draft.add('fifo', id);
  }
}

function limited(draft) {
  const link = draft.anyLink(sockets);
  if (!link) return;
  link.limited = true;
  const end = draft.random.pick(link.ends);
  draft.add('limit', end, draft.random.chance(0.15) ? null : draft.limit());
  if (draft.random.chance(0.5)) draft.write(link);
}
