type Options = Record<string, unknown>;

/** Splits what a user has given into the options that `table` knows, and all others. */
export function splitOptions(
  options: object,
  table: object,
): { readonly own: Options; readonly others: Options } {
  const own: Options = {};
  const others: Options = {};
  for (const [name, value] of Object.entries(options)) {
    (name in table ? own : others)[name] = value;
  }
  return { own, others };
}
