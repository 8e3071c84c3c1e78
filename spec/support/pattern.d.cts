/**
 * Bytes that differ at every place, so that a piece that is lost, doubled or moved shows: so many of an
 * endless series, from a place in it.
 */
export function pattern(bytes: number, start?: number): Buffer;
