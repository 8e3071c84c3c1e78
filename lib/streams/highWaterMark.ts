import { option } from '../common/options';
import { MAX_MARK_BYTES } from '../flow/Watermarks';

/** An option: the bytes that a stream buffers beside its connection. */
export const highWaterMark = option.integer('bytes', 0, MAX_MARK_BYTES, 65536);
