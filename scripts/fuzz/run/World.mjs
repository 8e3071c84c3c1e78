import { closeSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Endpoint } from './Endpoint.mjs';
import { Pattern } from './Pattern.mjs';
import { descriptors, surplus, threadNames, threads } from './system.mjs';

/** An instrumented addon is many times as slow. */
const SLOW = process.env.LD_PRELOAD ? 8 : 1;
const SPIN = 0.7;

/** What a program works in: its bases, links and files, and what is known of them. */
export class World {
  bases = new Map();
  links = [];
  ends = new Map();
  files = new Map();
  fifos = new Map();
  groups = new Map();
  workers = new Map();
  clients = [];
  waiting = new Set();
  watches = new Set();
  folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  finding = undefined;
  moves = 0;
  #streams = [];
  #before;
  #resolvers = new Set();

  /**
   * @param library what `require('rxjs-libevent')` gives, with `rxjs` and `path`
   * @param program seed and kinds
   * @param stallMs how long nothing may move where something should
   * @param report called with the first finding
   */
  constructor({ library, rxjs, path, seed, kinds = [], stallMs = 8000, report }) {
    Object.assign(this, { library, rxjs, path, kinds, report });
    this.stallMs = stallMs * SLOW;
    this.slow = SLOW;
    this.pattern = new Pattern(seed);
  }

  /** Threads of the pool are there before they are counted. */
  async begin() {
    await Promise.all([1, 2, 3, 4].map(() => access(this.folder)));
    this.#before = { descriptors: descriptors(), threads: threadNames() };
  }

  checks(kind) {
    return this.kinds.includes(kind);
  }

  newStream(name) {
    return this.#streams.push(name) - 1;
  }

  streamName(stream) {
    return this.#streams[stream] ?? `stream ${stream}`;
  }

  link(id, first, second, traits = {}) {
    const link = { id, cut: undefined, ...traits };
    link.ends = [
      new Endpoint(this, `${id}a`, link, first),
      new Endpoint(this, `${id}b`, link, second),
    ];
    const [a, b] = link.ends;
    a.peer = b;
    b.peer = a;
    for (const end of link.ends) this.ends.set(end.name, end);
    this.links.push(link);
    return link;
  }

  /** Only the first finding counts: what follows may be its consequence. */
  fail(kind, text) {
    if (this.finding !== undefined) return;
    this.finding = { kind, text };
    this.report(this.finding);
  }

  /** A call that may be refused: by a LibeventError, or in another way that `refusals` names. */
  attempt(call, ...refusals) {
    try {
      return call();
    } catch (error) {
      const known = [this.library.LibeventError, ...refusals];
      if (!known.some((type) => error instanceof type)) this.fail('threw', error.stack);
      return undefined;
    }
  }

  /** Something has happened. */
  moved() {
    this.moves += 1;
    for (const look of this.#resolvers) look();
  }

  /** Waits for a condition for as long as things move. One that works meanwhile spins. */
  async until(condition, what) {
    let moves = this.moves;
    let since = performance.now();
    let cpu = threads();
    while (!condition() && this.finding === undefined) {
      await this.#move(50);
      if (this.moves !== moves) {
        moves = this.moves;
        since = performance.now();
        cpu = threads();
        continue;
      }
      const still = performance.now() - since;
      if (still < this.stallMs / 4) continue;
      const busy = busiest(cpu, threads(), still);
      const why = `${what()}; ${busy.name} works ${Math.round(busy.share * 100)} %\n${this.describe()}`;
      if (busy.share > SPIN) this.fail('spin', why);
      else if (still > this.stallMs) this.fail('hang', why);
    }
  }

  /** Whether a thread works although nothing moves: windows of time in a row, all but full. */
  async quiet(what) {
    const windows = 5;
    for (let full = 0; full < windows; full += 1) {
      const mark = this.#mark();
      const before = threads();
      const began = performance.now();
      await this.pause(full === 0 ? 20 : 60);
      const busy = busiest(before, threads(), performance.now() - began);
      if (busy.share < SPIN || this.#mark() !== mark || this.finding) return;
      if (full < windows - 1) continue;
      const passes = [...this.bases.values()].map(({ stats }) => stats.passes).join(', ');
      this.fail(
        'spin',
        `${what}: ${busy.name} works and nothing moves; passes ${passes}\n${this.describe()}`,
      );
    }
  }

  pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  turn() {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Everything is gone, and nothing is left of it. */
  async finish() {
    for (const [id, base] of this.bases) {
      let closed = false;
      void base.close().then(() => {
        closed = true;
        this.moved();
      });
      await this.until(
        () => closed,
        () => `close() of base ${id} does not resolve`,
      );
    }
    if (this.finding) return;
    for (const end of this.ends.values()) {
      const open = [...end.open].join(', ');
      if (open) this.fail('no end', `${end.name}: ${open} has not ended with its base`);
      if (end.reader) this.fail('no end', `${end.name}: its reader has not ended with its base`);
    }
    for (const what of [...this.waiting, ...[...this.watches].map((open) => open.what)]) {
      this.fail('no end', `${what} has not ended with its base`);
    }
    for (const { fd } of this.fifos.values()) if (fd >= 0) closeSync(fd);
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name));
    rmSync(this.folder, { recursive: true });
    await this.#left('descriptors', descriptors);
    await this.#left('threads', threadNames);
  }

  describe() {
    return [...this.ends.values()]
      .filter(({ closed }) => !closed)
      .slice(0, 12)
      .map((end) => end.describe())
      .join('\n');
  }

  /** What is left may be on its way: files close in the thread pool, threads end after their last word. */
  async #left(what, look) {
    const until = performance.now() + this.stallMs;
    while (surplus(this.#before[what], look()) !== '' && performance.now() < until)
      await this.pause(5);
    const left = surplus(this.#before[what], look());
    if (left !== '') this.fail('left', `${what} after close(): ${left}`);
  }

  /** Differs when bytes or records have moved. */
  #mark() {
    let output = 0;
    for (const { connection } of this.ends.values()) output += connection.outputBytes;
    const stats = [...this.bases.values()].map(
      ({ stats: { posted, taken, sentBytes, receivedBytes } }) =>
        `${posted} ${taken} ${sentBytes} ${receivedBytes}`,
    );
    return `${this.moves} ${output} ${stats.join()}`;
  }

  #move(ms) {
    return new Promise((resolve) => {
      const look = () => {
        clearTimeout(timer);
        this.#resolvers.delete(look);
        resolve();
      };
      const timer = setTimeout(look, ms);
      this.#resolvers.add(look);
    });
  }
}

/**
 * The thread that has wanted to work most, and which share of the time. Waiting for a processor counts, but
 * no more than twice the work: on a busy machine a thread that sleeps waits each time it is woken.
 */
function busiest(before, now, ms) {
  const start = new Map(before.map((thread) => [thread.id, thread]));
  const used = now.map(({ id, name, cpu, waited }) => {
    const from = start.get(id) ?? { cpu, waited };
    const worked = cpu - from.cpu;
    const wanted = worked + Math.min(waited - from.waited, 2 * worked);
    return { name: `${name} ${id}`, share: wanted / 1e6 / ms };
  });
  return used.reduce((most, one) => (one.share > most.share ? one : most));
}
