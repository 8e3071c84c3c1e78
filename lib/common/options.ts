import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkString,
} from './check';

/**
 * What an option is: its value, checked, or its default where it is absent.
 *
 * @param name - for the message
 * @param checked - the options in front of it in the table
 */
export type Option<T> = (
  value: unknown,
  name: string,
  checked: Readonly<Record<string, unknown>>,
) => T;

/**
 * All options of a config, each with its bounds, its unit and its default. The compiler says when one
 * is missing or too many: `{ … } satisfies OptionTable<Config>`.
 */
export type OptionTable<Config> = Readonly<Record<keyof Required<Config>, Option<unknown>>>;

/** A config that has been checked against its table, complete. */
export type Checked<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

/**
 * Checks the options of a config and fills in the defaults.
 *
 * @param name - of the config, for the message
 * @param known - of a config that has more options than those of the table
 * @throws TypeError for an unknown option, one of the wrong kind, and one that is needed and absent
 * @throws RangeError for one that is out of its bounds
 */
export function checkedOptions<Table extends Readonly<Record<string, Option<unknown>>>>(
  name: string,
  config: object,
  table: Table,
  known: Readonly<Record<string, unknown>> = table,
): Checked<Table> {
  checkOptions(name, config, known);
  const prefix = name.endsWith('config') ? name.slice(0, -'config'.length) : `${name}.`;
  const checked: Record<string, unknown> = {};
  for (const key in table) {
    const value = (config as Record<string, unknown>)[key];
    checked[key] = table[key]?.(value, prefix + key, checked);
  }
  return checked as Checked<Table>;
}

/** The kinds of options. */
export const option = {
  /** A whole number. Without a default it is needed. */
  integer:
    (unit: string, least: number, most: number, fallback?: number): Option<number> =>
    (value, name) =>
      checkInteger(name, value ?? fallback, least, most, unit),
  /** A whole number of at least 1; no limit where it is absent. */
  limit:
    (unit: string): Option<number> =>
    (value, name) =>
      value === undefined ? Infinity : checkInteger(name, value, 1, 2 ** 31 - 1, unit),
  text: ((value, name) => checkString(name, value)) as Option<string>,
  flag:
    (fallback: boolean): Option<boolean> =>
    (value, name) =>
      checkBoolean(name, value ?? fallback),
  oneOf:
    <const T extends string | number>(choices: readonly T[], fallback = choices[0]): Option<T> =>
    (value, name) =>
      checkOneOf(name, value ?? fallback, choices),
  callback:
    <T>(): Option<T> =>
    (value, name) => {
      checkFunction(name, value);
      return value as T;
    },
  /** What may be absent and has no default. */
  optional:
    <T>(kind: Option<T>): Option<T | undefined> =>
    (value, name, checked) =>
      value === undefined ? undefined : kind(value, name, checked),
  /** What is checked together with others, elsewhere. */
  other:
    <T>(): Option<T | undefined> =>
    (value) =>
      value as T | undefined,
};
