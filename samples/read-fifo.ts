/**
 * Makes a named pipe and prints what others write to it, as libevent's event-read-fifo:
 * `echo hello > event.fifo`. Ctrl-C ends it and removes the pipe.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { finalize, map, takeUntil } from 'rxjs';
import { EventBase } from 'rxjs-libevent';

const path = process.argv[2] ?? 'event.fifo';
execFileSync('mkfifo', [path]);
// Open for writing too: so it does not end when a writer closes it.
const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
const buffer = Buffer.alloc(4096);
const base = new EventBase();

base
  .fd(fd)
  .pipe(
    map(() => buffer.toString('utf8', 0, readSync(fd, buffer))),
    takeUntil(base.signal('SIGINT')),
    finalize(() => {
      closeSync(fd);
      rmSync(path);
    }),
  )
  .subscribe({
    next: (text) => process.stdout.write(`read: ${text}`),
    complete: () => {
      console.log('interrupted');
    },
    error: (error: unknown) => {
      console.error(String(error));
      process.exitCode = 1;
    },
  });
base.timer(0).subscribe(() => {
  console.log(`reading from ${path}`);
});
