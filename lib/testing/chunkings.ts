import { checkedOptions, type OptionTable, option } from '../common/options';
import { MarbleError, stackLines } from './MarbleError';
import { checkBody } from './checkBody';
import { type Bytes, describeBytes, toBytes } from './bytes';

/** Options of {@link chunkings}. */
export interface ChunkingsConfig {
  /**
   * Pieces at most. Default: as many as there are bytes, and then there may be 16 bytes at most,
   * which are 32768 chunkings. Bounds: 1 up.
   */
  readonly pieces?: number;
}

const OPTIONS = {
  pieces: option.limit('pieces'),
} satisfies OptionTable<ChunkingsConfig>;

const MOST_CHUNKINGS = 2 ** 15;

/**
 * Every way in which bytes can arrive.
 *
 * "TCP may cut anywhere."
 *
 * ```
 * chunkings('abc')   abc   a bc   ab c   a b c
 * ```
 *
 * @param input - text (UTF-8) or bytes
 * @throws RangeError when there are more than 32768
 *
 * @example
 * ```ts
 * for (const chunks of chunkings('Hello\r\n')) console.log(chunks.map(String));
 * ```
 */
export function* chunkings(input: Bytes, config: ChunkingsConfig = {}): Generator<Buffer[]> {
  const { pieces } = checkedOptions('chunkings: config', config, OPTIONS);
  const bytes = toBytes('chunkings: input', input, 'utf8');
  const places = Math.max(0, bytes.length - 1);
  const cuts = Math.min(places, pieces - 1);
  let count = 0;
  let ways = 1;
  for (let cut = 0; cut <= cuts; cut += 1) {
    count += ways;
    ways = (ways * (places - cut)) / (cut + 1);
  }
  if (count > MOST_CHUNKINGS) {
    throw new RangeError(
      `${String(bytes.length)} bytes have ${String(count)} chunkings, at most ${String(MOST_CHUNKINGS)} can be run: give pieces`,
    );
  }
  for (let cut = 0; cut <= cuts; cut += 1) {
    for (const at of combinations(places, cut)) {
      const edges = [0, ...at.map((place) => place + 1), bytes.length];
      yield edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
    }
  }
}

/**
 * Runs a test over every chunking of its input, and names the one that fails.
 *
 * "The same answer, however the question was cut."
 *
 * @param input - text (UTF-8) or bytes
 * @param test - is given the chunks of one run; `connection(chunks)` sends them
 *
 * @example
 * ```ts
 * everyChunking('Hello\r\n', (chunks) => {
 *   marbles(({ connection, expectOutput }) => {
 *     const conn = connection(chunks);
 *     of(conn).pipe(serve(rot13)).subscribe();
 *     expectOutput(conn).toAddUpTo('Uryyb\r\n');
 *   });
 * });
 * ```
 */
export function everyChunking(
  input: Bytes,
  test: (chunks: readonly Buffer[]) => unknown,
  config?: ChunkingsConfig,
): void {
  if (typeof test !== 'function')
    throw new TypeError(`test must be a function, got ${typeof test}`);
  if (test.length === 0) {
    throw new TypeError('test must take the chunks: without them each run is the same');
  }
  for (const chunks of chunkings(input, config)) {
    let result: unknown;
    try {
      result = test(chunks);
    } catch (error) {
      throw cutAs(chunks, error);
    }
    checkBody(result, 'everyChunking', (why) => new MarbleError(why));
  }
}

/** A failure, with the chunking in front; it still shows the line that has failed. */
function cutAs(chunks: readonly Buffer[], error: unknown): MarbleError {
  const cut = chunks.map(describeBytes).join(' ');
  const message = `with the input cut as ${cut}: ${error instanceof Error ? error.message : String(error)}`;
  const { cause, errors = [] } =
    error instanceof MarbleError ? error : { cause: error, errors: undefined };
  const whole = new MarbleError(message, { ...(cause === undefined ? {} : { cause }), errors });
  const lines = stackLines(error instanceof Error ? error.stack : undefined);
  if (lines.length > 0) whole.stack = [`${whole.name}: ${message}`, ...lines].join('\n');
  return whole;
}

/** Every choice of this many of the numbers below `of`, in order. */
function* combinations(of: number, many: number, from = 0): Generator<number[]> {
  if (many === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= of - many; first += 1) {
    for (const rest of combinations(of, many - 1, first + 1)) yield [first, ...rest];
  }
}
