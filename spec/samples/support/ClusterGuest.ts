import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Saying {
  readonly id: string;
  readonly text: string;
  readonly stored: () => void;
}

/**
 * A guest of a cluster, as a client has to be: it says a line again, with the same id, until it is
 * stored, and goes to the next node when its own has gone.
 */
export class ClusterGuest {
  /** Each line that it has heard, in order. */
  readonly heard: string[] = [];
  /** Answers that a line is not known to be stored. */
  readonly errors: string[] = [];
  private readonly saying: Saying[] = [];
  private readonly waiting = new Set<() => void>();
  private socket: Socket | undefined;
  private last = 0;
  private said = 0;
  private left = false;

  constructor(
    readonly name: string,
    private readonly ports: number[],
  ) {
    this.join();
  }

  /** Resolves when the line is stored. */
  say(text: string): Promise<void> {
    return new Promise((stored) => {
      this.said += 1;
      const saying = { id: String(this.said), text, stored };
      this.saying.push(saying);
      this.tell(saying);
    });
  }

  async hears(count: number): Promise<void> {
    while (this.heard.length < count) await this.changes();
  }

  /** Resolves when a line of it was not stored. */
  async fails(): Promise<void> {
    while (this.errors.length === 0) await this.changes();
  }

  stopReading(): void {
    this.socket?.pause();
  }

  goOnReading(): void {
    this.socket?.resume();
  }

  async leave(): Promise<void> {
    this.left = true;
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  }

  private changes(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private tell({ id, text }: Saying): void {
    this.socket?.write(`say ${id} ${text}\n`);
  }

  private join(): void {
    const port = this.ports.shift()!;
    this.ports.push(port);
    const socket = connect(port, '127.0.0.1');
    this.socket = socket;
    socket
      .on('error', () => {})
      .on('close', () => {
        if (!this.left) setImmediate(() => this.join());
      });
    socket.write(`join room ${this.name} ${this.last}\n`);
    for (const saying of this.saying) this.tell(saying);
    // It passes on the errors of the socket.
    createInterface(socket)
      .on('error', () => {})
      .on('line', (line) => this.take(line));
  }

  private take(line: string): void {
    const [first = '', second = ''] = line.split(' ');
    if (first === 'ok') {
      const at = this.saying.findIndex(({ id }) => id === second);
      this.saying.splice(at, at < 0 ? 0 : 1)[0]?.stored();
    } else if (first === 'error') {
      this.errors.push(line);
      const saying = this.saying.find(({ id }) => id === second);
      // Not at once: it would say nothing else until NATS is there.
      if (saying !== undefined) setTimeout(() => this.tell(saying), 50);
    } else {
      // A line that comes twice would have no later sequence.
      expect(Number(first)).toBeGreaterThan(this.last);
      this.last = Number(first);
      this.heard.push(line.slice(first.length + 1));
    }
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
