/** Something that must hold and does not. */
export class Violation extends Error {
  /**
   * @param what - the rule: the same in every run that breaks it
   * @param detail - what was found instead
   */
  constructor(
    readonly what: string,
    readonly detail: string,
    readonly reason?: unknown,
  ) {
    super(detail === '' ? what : `${what}: ${detail}`);
  }
}
