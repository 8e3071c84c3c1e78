import { forms } from '../run/forms.mjs';

/** Writes `length` bytes of the end's own stream, in a form of `forms`. */
export function write(world, name, length, form = 'plain', whenSaturated = 'hold') {
  const end = world.ends.get(name);
  if (!end?.writable || end.fed) return;
  const bytes = world.pattern.bytes(end.stream, end.written, length);
  const { chunk, after, refusals = [], refused = false } = forms[form](bytes);
  const { dropped } = end.connection;
  const taken = world.attempt(
    () => {
      end.connection.send(chunk, whenSaturated);
      return true;
    },
    ...refusals,
  );
  if (taken && !refused && end.connection.dropped === dropped) {
    end.log.add(end.stream, end.written, length);
    end.written += length;
  }
  after?.();
  // It has failed by its own limits, or was to be closed.
  if (!end.writable) end.link.cut ??= `wrote more than it may`;
}

/** `count` pieces of `length` bytes each, in one turn. */
export function burst(world, name, count, length, form) {
  for (let index = 0; index < count; index += 1) write(world, name, length, form);
}
