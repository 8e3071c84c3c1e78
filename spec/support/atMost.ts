/** With select a process has 1023 descriptors that can be watched, and a connection here takes two. */
const MOST = process.env['METHOD'] === 'select' ? 400 : Infinity;

/** This many connections in one process, or as many as the method of the environment allows. */
export function atMost(connections: number): number {
  return Math.min(connections, MOST);
}
