/** Whether an error says that an assertion has failed, of node:assert, jest, vitest or chai. */
export function isAssertion(error: unknown): boolean {
  // Not by its class: that of node:assert is of another realm than the errors of a jest test.
  if (typeof error !== 'object' || error === null) return false;
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return code === 'ERR_ASSERTION' || name === 'AssertionError' || 'matcherResult' in error;
}
