import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { ReadableStream } from 'node:stream/web';

/**
 * What a subscriber does with a chunk once it has it: each takes `(end, chunk)`. The chunk is the
 * subscriber's own, so none of it may be felt by anybody else.
 */
export const manners = {
  plain: (end, chunk) => end.take(chunk),
  /** Looks at it once more, later. */
  keep(end, chunk) {
    const position = end.received;
    end.take(chunk);
    end.kept.push({ chunk, position });
    if (end.kept.length > 16) recheck(end);
  },
  scribble(end, chunk) {
    end.take(chunk);
    new Uint8Array(chunk.buffer).fill(0xdd);
  },
  transfer(end, chunk) {
    end.take(chunk);
    const { buffer } = chunk;
    globalThis.structuredClone(buffer, { transfer: [buffer] });
  },
  /** Through a byte stream, which takes the memory. */
  enqueue(end, chunk) {
    const position = end.received;
    end.take(chunk);
    new ReadableStream({ type: 'bytes', start: (queue) => queue.enqueue(chunk) })
      .getReader()
      .read()
      .then(({ value }) => end.check(value, position));
  },
  /** What the clone brings along is the connection's own, and nothing else. */
  post(end, chunk) {
    const { port1, port2 } = new MessageChannel();
    const position = end.received;
    end.take(chunk);
    port1.postMessage(chunk);
    const { message } = receiveMessageOnPort(port2);
    port1.close();
    end.check(message, position);
    const own = new Set(end.peer.log.parts(0, end.peer.log.length).map(({ stream }) => stream));
    const whole = Buffer.from(message.buffer);
    const { world } = end;
    for (let at = 0, block; (block = world.pattern.find(whole, at)); at = block.at + 16) {
      if (own.has(block.stream)) continue;
      const brought = `${whole.length} bytes with a chunk of ${chunk.length}`;
      world.fail('foreign', `${end.name} posts ${brought}: ${world.streamName(block.stream)}`);
      return;
    }
  },
  /** Gives half of it back, now and then. */
  unread(end, chunk) {
    const half = chunk.length >> 1;
    if (end.received % 3 === 0 || half === 0) return end.take(chunk);
    const rest = Buffer.from(chunk.subarray(half));
    const back = end.connection.unread(rest);
    return end.take(back ? chunk.subarray(0, half) : chunk);
  },
  /** Looks at the first and the last bytes only, where there are many. */
  sample(end, chunk) {
    end.check(chunk.subarray(0, 128), end.received);
    const from = Math.max(0, chunk.length - 128);
    end.check(chunk.subarray(from), end.received + from);
    end.received += chunk.length;
    end.world.moved();
  },
};

export function recheck(end) {
  for (const { chunk, position } of end.kept.splice(0)) end.check(chunk, position);
}
