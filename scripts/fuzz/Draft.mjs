/** A program while it is drawn: its steps, and what they have made so far. */
export class Draft {
  steps = [];
  bases = [];
  links = [];
  fifos = [];
  files = [];
  #names = 0;

  /** @param fixed what the command line asks of every base: `method`, `threads` */
  constructor(random, fixed) {
    this.random = random;
    this.fixed = fixed;
  }

  add(...step) {
    this.steps.push(step);
  }

  name(prefix) {
    return `${prefix}${this.#names++}`;
  }

  base(options = {}) {
    const id = this.bases.length;
    const { random } = this;
    const method = random.weighted([
      [8, 'epoll'],
      [1, 'poll'],
      [1, 'select'],
    ]);
    const threads = random.weighted([
      [3, 2],
      [4, 'auto'],
      [1, 0],
      [2, 1],
    ]);
    const drawn = { method, threads, priorities: 1, ...options, ...this.fixed };
    this.add('base', id, drawn);
    this.bases.push({ id, ...drawn });
    return id;
  }

  /** At most this many connections, or as many as select can have. */
  many(count) {
    return this.bases.some(({ method }) => method === 'select') ? Math.min(count, 150) : count;
  }

  anyBase() {
    return this.random.pick(this.bases);
  }

  /** @param kinds of 'tcp', 'unix', 'pair'; one of them is drawn */
  link(kinds = ['tcp', 'unix', 'pair'], options) {
    const { random } = this;
    const kind = random.pick(kinds);
    const id = this.name({ tcp: 't', unix: 'u', pair: 'p' }[kind]);
    const on = this.anyBase();
    const first = options ?? this.options(kind === 'pair' ? undefined : on);
    const second = options ?? this.options();
    if (kind === 'pair') this.add('pair', id, on.id, first);
    else this.add(kind, id, on.id, this.anyBase().id, first, second);
    // A byte at a time takes a while.
    const slow = [first, second].some(({ read }) => read?.high < 1000);
    const link = { id, kind, base: on, ends: [`${id}a`, `${id}b`], limited: false, slow };
    this.links.push(link);
    return link;
  }

  /** Of a connection; with a level if `on` has any. */
  options(on) {
    const { random } = this;
    const options = {};
    if (random.chance(0.4)) options.read = this.marks();
    if (random.chance(0.3)) options.write = this.marks();
    if (on?.priorities > 1 && random.chance(0.5)) {
      options.priority = random.integer(0, on.priorities - 1);
    }
    return options;
  }

  marks() {
    const high = this.random.pick([1, 100, 1000, 4096, 16384, 65536, 300_000]);
    return { low: this.random.pick([0, high >> 1, high]), high };
  }

  anyLink(of = () => true) {
    const links = this.links.filter(of);
    return links.length > 0 ? this.random.pick(links) : undefined;
  }

  anyEnd(of) {
    const link = this.anyLink(of);
    return link && this.random.pick(link.ends);
  }

  length(link) {
    const lengths = [
      [3, [1, 100]],
      [3, [100, 5000]],
      [link?.slow ? 0 : 2, [5000, 16383]],
      [link?.slow ? 0 : 3, [16384, 70_000]],
      [link?.slow || link?.limited ? 0 : 1, [70_000, 1_000_000]],
    ];
    return this.random.integer(...this.random.weighted(lengths));
  }

  write(link = this.anyLink(), form = 'plain') {
    if (link) this.add('write', this.random.pick(link.ends), this.length(link), form);
  }

  limit() {
    const { random } = this;
    const tickMs = random.pick([1, 5, 10, 50, 100, 250]);
    const rate = () => random.integer(200_000, 4_000_000);
    return random.pick([
      { readBytesPerSecond: rate(), tickMs },
      { writeBytesPerSecond: rate(), tickMs },
      { readBytesPerSecond: rate(), writeBytesPerSecond: rate(), tickMs },
    ]);
  }

  file() {
    const id = this.files.length;
    const bytes = this.random.pick([1, 4000, 65_536, 300_000]);
    this.add('file', id, bytes);
    this.files.push({ id, bytes });
  }

  sendFile() {
    if (this.files.length === 0 || this.random.chance(0.3)) this.file();
    const end = this.anyEnd(({ kind, limited, slow }) => kind !== 'pair' && !limited && !slow);
    if (!end) return;
    const { id, bytes } = this.random.pick(this.files);
    const start = this.random.chance(0.5) ? 0 : this.random.integer(0, bytes - 1);
    this.add('sendFile', end, id, start, bytes);
  }
}
