/** Whether an error says that an assertion has failed, of node:assert, jest, vitest or chai. */
export function isAssertion(error: unknown): boolean {
  // Not by its class: that of node:assert is of another realm than the errors of a jest test.
  if (typeof error !== 'object' || error === null) return false;
  const { name } = error as { readonly name?: unknown };
  return name === 'AssertionError' || 'matcherResult' in error;
}
