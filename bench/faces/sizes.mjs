/** What a bulk transfer has. */
export const TOTAL_BYTES = 1 << 30;
export const CHUNK_BYTES = 65536;
