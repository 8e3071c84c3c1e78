import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const START_MS = 20_000;
const STOP_MS = 2_000;
const STDERR_BYTES = 2_000;

const running = new Set();

/** A child process whose stdout and stderr are read by line. Its unforeseen end rejects what waits on it. */
export class Child {
  #waiting = [];
  #lines = [];
  #stderr = '';
  #stopping = false;

  /** @param {string} name for messages  @param {string[]} command  @param {(line: string) => boolean} onStderr whether it took the line */
  constructor(name, command, onStderr = () => false) {
    this.name = name;
    this.process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.pid = this.process.pid;
    running.add(this);
    this.process.stdin.on('error', () => {});
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(line);
      else this.#lines.push(line);
    });
    createInterface({ input: this.process.stderr }).on('line', (line) => {
      if (!onStderr(line)) this.#stderr = `${this.#stderr}${line}\n`.slice(-STDERR_BYTES);
    });
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.process.once('close', (code, signal) => resolve(this.#describeEnd(code, signal)));
    }).then((end) => {
      running.delete(this);
      this.end = end;
      for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure());
    });
  }

  /** Whether it ended though nobody stopped it. */
  get died() {
    return this.end !== undefined && !this.#stopping;
  }

  #describeEnd(code, signal) {
    return signal ? `died by ${signal}` : `ended with code ${code}`;
  }

  #failure() {
    const said = this.#stderr.trim();
    return new Error(`${this.name} ${this.end}${said ? `: ${said}` : ''}`);
  }

  /** Rejects when the process ends; never resolves. */
  async untilEnd() {
    await this.ended;
    throw this.#failure();
  }

  /** The next line of stdout; rejects when the process ends first, or says nothing for too long. */
  async line(limitMs = START_MS) {
    if (this.#lines.length > 0) return this.#lines.shift();
    if (this.end !== undefined) throw this.#failure();
    const { promise, resolve, reject } = withResolvers();
    this.#waiting.push({ resolve, reject });
    const late = new Error(`${this.name} said nothing for ${limitMs / 1000} s`);
    const timer = setTimeout(() => reject(late), limitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** The next line of stdout as JSON. */
  async json(limitMs = START_MS) {
    const line = await this.line(limitMs);
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${this.name} printed no JSON: ${line.slice(0, 200)}`);
    }
  }

  tell(line) {
    this.process.stdin.write(`${line}\n`);
  }

  /** Ends it by its own id; returns once it is gone. */
  async stop() {
    this.#stopping = true;
    if (this.end !== undefined) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Ends every process that this bench has started. */
export async function stopAll() {
  await Promise.all([...running].map((child) => child.stop()));
}

export function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
