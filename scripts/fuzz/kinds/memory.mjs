import { forms } from '../run/forms.mjs';
import { manners } from '../run/manners.mjs';
import { common, draws, withEnd } from './common.mjs';

const FORMS = Object.keys(forms);
const MANNERS = Object.keys(manners).filter((name) => name !== 'sample');

/** Buffers that are lied about, reused, resized, given away: written so, and treated so once received. */
export function memory(draft) {
  const { random } = draft;
  draft.base();
  if (random.chance(0.3)) draft.base();
  for (let count = random.integer(2, 5); count > 0; count -= 1) draft.link();
  // A few of each, so that what goes wrong has a name.
  const some = [random.pick(FORMS), random.pick(FORMS), 'plain'];
  const manner = random.pick(MANNERS);
  for (const { ends } of draft.links) {
    for (const end of ends) if (random.chance(0.6)) draft.add('read', end, manner);
  }
  draws(draft, random.integer(10, 50), [
    ...common,
    [20, () => draft.write(undefined, random.pick(some))],
    [4, () => withEnd(draft, (end) => draft.add('read', end, random.pick([manner, 'plain'])))],
    [
      3,
      () =>
        withEnd(draft, (end) =>
          draft.add(
            'burst',
            end,
            random.integer(2, 40),
            random.integer(1, 3000),
            random.pick(some),
          ),
        ),
    ],
  ]);
}
