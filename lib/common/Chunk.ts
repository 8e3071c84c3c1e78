/** What a connection sends: the bytes of any typed array or DataView, or text that is encoded on the way. */
export type Chunk = NodeJS.ArrayBufferView | string;

/** A chunk that has been looked at, as the library itself passes it on. */
export type CheckedChunk = Uint8Array | string;
