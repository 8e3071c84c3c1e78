/** A priority as it stands in `aux` of a submission that opens an event; see native/ring.h. */
export function priorityBits(priority: number | undefined): number {
  return priority === undefined ? 0 : (priority + 1) << 8;
}
