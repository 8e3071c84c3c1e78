/**
 * Whether JavaScript's thread runs libuv's loop, as in Node and Electron. Bun and Deno have a loop of their own, with
 * some functions of libuv's in front: the others end the process when an addon calls them.
 */
export function hasUvLoop(
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): boolean {
  return versions['bun'] === undefined && versions['deno'] === undefined;
}
