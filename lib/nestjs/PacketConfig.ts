import { MAX_MS } from '../connection/ConnectionConfig';
import { MAX_MARK_BYTES } from '../flow/Watermarks';
import { type OptionTable, option } from '../common/options';

/** Limits of packets, with the names and defaults of Nest's TCP transport. */
export interface PacketConfig {
  /** Characters (UTF-16 units) of a packet, at most. Default: 134217728. Bounds: 1 to 536870888. */
  readonly maxBufferSize?: number;
  /**
   * Drops a peer that has been silent for so long in the middle of a packet, in ms; the time in which
   * the connection is held does not count. Default: 30000. 0 for never. Bounds: 0 to 2147483647.
   */
  readonly incompleteMessageTimeout?: number;
  /**
   * Bytes that may wait for the peer: beyond, the connection fails with `ERR_MAX_OUTPUT_BYTES`. What
   * handlers answer is held long before. Default: 134217728. Bounds: 65536 to 1073741824.
   */
  readonly maxSendBufferSize?: number;
}

/** The longest string that V8 has. */
const MAX_UNITS = 2 ** 29 - 24;
const DEFAULT_UNITS = 2 ** 27;
const DEFAULT_SEND_BYTES = 2 ** 27;
const LEAST_SEND_BYTES = 65536;
const DEFAULT_TIMEOUT_MS = 30_000;

export const PACKET_OPTIONS = {
  maxBufferSize: option.integer('UTF-16 units', 1, MAX_UNITS, DEFAULT_UNITS),
  incompleteMessageTimeout: option.integer('ms', 0, MAX_MS, DEFAULT_TIMEOUT_MS),
  maxSendBufferSize: option.integer('bytes', LEAST_SEND_BYTES, MAX_MARK_BYTES, DEFAULT_SEND_BYTES),
} satisfies OptionTable<PacketConfig>;
