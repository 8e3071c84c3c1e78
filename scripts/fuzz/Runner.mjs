import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const SANITIZER = /(?:ERROR: AddressSanitizer|WARNING: ThreadSanitizer|runtime error:).*/;
const SLOW = process.env.LD_PRELOAD ? 8 : 1;
const CRASH_LINES = 40;

/** Runs programs in a child process, one after the other, and a new one when it has failed. */
export class Runner {
  #library;
  #patience;
  #child;
  #stderr = '';
  /** Where programs have their files: one that is killed leaves them. */
  #folder;

  /** @param patience how many times as long everything may take */
  constructor(library, patience = 1) {
    this.#library = library;
    this.#patience = patience;
  }

  /** Gives what is wrong: `{ kind, text, step }`, or nothing. */
  async run(program, calmStallMs = 8000) {
    const stallMs = calmStallMs * this.#patience;
    this.#child ??= await this.#start();
    const runs = this.#child;
    let step = 0;
    const outcome = await new Promise((resolve) => {
      let timer;
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(
          () => {
            const busy = states(runs.pid);
            resolve({ kind: 'stuck', text: `JavaScript makes no step; threads: ${busy}` });
          },
          stallMs * SLOW * 4,
        );
      };
      const onMessage = (message) => {
        alive();
        if (message.type === 'step') ({ step } = message);
        else if (message.type !== 'alive') settle(message);
      };
      const onExit = (code, signal) => {
        settle({ kind: 'exit', text: `the process ended with ${signal ?? code}`, type: 'exit' });
      };
      const settle = (message) => {
        clearTimeout(timer);
        runs.off('message', onMessage).off('close', onExit);
        resolve(message);
      };
      runs.on('message', onMessage).on('close', onExit);
      alive();
      runs.send({ ...program, stallMs });
    });
    const report = SANITIZER.exec(this.#stderr);
    if (outcome.type === 'passed' && !report) return undefined;
    await this.stop();
    const stderr = this.#stderr.trim().split('\n').slice(0, CRASH_LINES).join('\n');
    const text = [report?.[0] ?? outcome.text, stderr].filter(Boolean).join('\n');
    return { kind: report ? 'sanitizer' : outcome.kind, text, step };
  }

  async stop() {
    const runs = this.#child;
    this.#child = undefined;
    const folder = this.#folder;
    if (!runs) return;
    if (runs.exitCode === null && runs.signalCode === null) {
      const closed = once(runs, 'close');
      runs.kill('SIGKILL');
      await closed;
    }
    rmSync(folder, { recursive: true });
  }

  async #start() {
    this.#folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
    const runs = spawn(process.execPath, [child, this.#library], {
      env: { ...process.env, TMPDIR: this.#folder },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#stderr = '';
    runs.stderr.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
    const failed = once(runs, 'close').then(() => {
      throw new Error(`the child does not start: ${this.#stderr}`);
    });
    failed.catch(() => {});
    await Promise.race([once(runs, 'message'), failed]);
    return runs;
  }
}

/** What the threads of a process do, as `name R`. */
function states(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((id) => readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1'))
      .map((stat) => stat.replace(/^\d+ \((.*)\) (\w).*$/s, '$1 $2'))
      .join(', ');
  } catch {
    return 'gone';
  }
}
