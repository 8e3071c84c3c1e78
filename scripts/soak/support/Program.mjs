import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Clock ticks a second, as `getconf CLK_TCK` has it on every Linux of today. */
const TICKS = 100;

/** A program in a process of its own, and what the system says of it. */
export class Program {
  /** What it has printed: of those that listen. */
  output = '';
  errors = '';
  #child;
  #exited;

  constructor(child) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  /** Starts a program of Node that prints `listening on HOST:PORT …`, and waits for that. */
  static async listening(file, ...args) {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const program = new Program(child);
    child.stderr.on('data', (data) => (program.errors += data));
    program.port = await new Promise((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        program.output += `${line}\n`;
        const match = /^listening on .*:(\d+)\b/.exec(line);
        if (match) resolve(Number(match[1]));
      });
      child.on('exit', (code) => {
        reject(new Error(`${file} ended with ${code}: ${program.errors}`));
      });
    });
    return program;
  }

  /** Starts any other program, and waits for nothing. */
  static started(command, ...args) {
    return new Program(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  /** Runs a program to its end. Gives its exit code and what it has printed. */
  static async run(command, ...args) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => (output += data));
    }
    const [code] = await once(child, 'close');
    return { code, output };
  }

  get pid() {
    return this.#child.pid;
  }

  /** Memory of the process in MB. */
  get rss() {
    return this.#status('VmRSS');
  }

  /** The most that it has ever had, in MB. */
  get peakRss() {
    return this.#status('VmHWM');
  }

  /** Makes {@link peakRss} begin anew. */
  forgetPeak() {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  /** Processor time that it has used, all threads together, in seconds. */
  get cpu() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Ends it and waits for its end. Gives its exit code. */
  async stop(signal = 'SIGKILL') {
    this.#child.kill(signal);
    const [code] = await this.#exited;
    return code;
  }

  #status(name) {
    const text = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)[1]) / 1024;
  }
}
