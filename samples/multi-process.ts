/**
 * Processes on one port, and a rolling restart that refuses nobody.
 *
 * This process binds and never accepts; it starts workers that inherit the listening socket, so a client that
 * waits in its queue is accepted by one that is there. SIGHUP replaces the workers, one after the other:
 * the new one accepts before the old one stops, answers what it has, and ends. One that dies is replaced.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { concatMap, first, from, fromEvent, merge, noop, take, takeUntil } from 'rxjs';
import { EventBase, listen, serve } from 'rxjs-libevent';
import { answerWith } from './pipelines/answerWith';
import { interrupted } from './support/interrupted';
import { serverCommand, type ServerOptions, wholeNumber } from './support/serverOptions';

interface MultiProcessOptions extends ServerOptions {
  readonly processes: number;
}

const INHERITED_FD = 3;
const AGAIN_AFTER_MS = 100;

/** What a worker does: it has nothing but the socket. */
function work(): void {
  const listener = listen({ fd: INHERITED_FD });
  const stop = merge(fromEvent(process, 'message'), fromEvent(process, 'disconnect')).pipe(take(1));
  // Ctrl-C is for all processes of a terminal; the first of them says when.
  process.on('SIGINT', noop);
  listener.bound.subscribe(() => process.send?.('ready'));
  listener
    .pipe(serve(answerWith(`process ${String(process.pid)}`), { onError: noop, shutdown: stop }))
    .subscribe({ complete: () => process.exit() });
}

class Workers {
  private readonly current = new Set<ChildProcess>();
  private stopping = false;

  constructor(
    private readonly fd: number,
    private readonly base: EventBase,
  ) {}

  /** Starts one; resolves when it accepts, or has ended. */
  async start(): Promise<void> {
    if (this.stopping) return;
    const worker = fork(__filename, { stdio: ['ignore', 'inherit', 'inherit', this.fd, 'ipc'] });
    this.current.add(worker);
    worker.on('exit', () => {
      if (!this.current.delete(worker)) return;
      console.error(`process ${String(worker.pid)} has ended`);
      this.base.timer(AGAIN_AFTER_MS).subscribe(() => void this.start());
    });
    await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
    console.log(`process ${String(worker.pid)} accepts`);
  }

  /** Lets it finish; resolves when it has ended. */
  async stop(worker: ChildProcess): Promise<void> {
    if (!this.current.delete(worker)) return;
    const exited = once(worker, 'exit');
    if (worker.connected) worker.send('stop');
    await exited;
  }

  async replaceAll(): Promise<void> {
    for (const worker of [...this.current]) {
      await this.start();
      await this.stop(worker);
    }
    console.log('all processes are new');
  }

  async stopAll(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.current].map((worker) => this.stop(worker)));
  }
}

function supervise(): void {
  const { host, port, processes } = serverCommand('multi-process', 'Answers by several processes.')
    .option('--processes <number>', 'that accept', wholeNumber(1, 64), 2)
    .parse()
    .opts<MultiProcessOptions>();
  const base = new EventBase({ threads: 0 });
  const listener = base.listen({ host, port });
  const stop = interrupted();
  listener.hold('the workers accept');
  const listening = listener.subscribe({
    error: (error: unknown) => {
      console.error(String(error));
      process.exitCode = 1;
    },
  });
  listener.bound.pipe(first()).subscribe({
    next: (bound) => {
      const workers = new Workers(listener.fd ?? -1, base);
      const started = Array.from({ length: processes }, () => workers.start());
      void Promise.all(started).then(() =>
        console.log(`listening on ${bound.address}:${String(bound.port)} (${String(processes)})`),
      );
      base
        .signal('SIGHUP')
        .pipe(
          takeUntil(stop),
          concatMap(() => from(workers.replaceAll())),
        )
        .subscribe();
      stop.pipe(take(1)).subscribe(() => {
        listening.unsubscribe();
        void workers.stopAll();
      });
    },
    // The subscriber of the listener has it, too.
    error: noop,
  });
}

if (process.send === undefined) supervise();
else work();
