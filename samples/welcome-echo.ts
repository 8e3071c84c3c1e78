/**
 * Greets, then echoes, on raw events of descriptors: no bufferevent, no stream.
 *
 * It serves the peer at its standard input and output, as a server of inetd does:
 * `socat TCP-LISTEN:40713,fork EXEC:'node .build/samples/welcome-echo.js'`. While the reader does not
 * read, it does not read either.
 */
import { readSync, writeSync } from 'node:fs';
import { EMPTY, type Observable, defer, map, startWith, switchMap, take, takeWhile } from 'rxjs';
import { EventBase, concatMapHeld } from 'rxjs-libevent';

const INPUT = 0;
const OUTPUT = 1;
const base = new EventBase();
const buffer = Buffer.alloc(65536);

/** What is there; nothing at the end. */
function read(): Buffer {
  return Buffer.from(buffer.subarray(0, readSync(INPUT, buffer)));
}

/** Writes all of it, and completes. */
function write(chunk: Uint8Array): Observable<never> {
  return defer(() => {
    const rest = chunk.subarray(writeSome(chunk));
    if (rest.length === 0) return EMPTY;
    const writable = base.fd(OUTPUT, { events: ['write'] }).pipe(take(1));
    return writable.pipe(switchMap(() => write(rest)));
  });
}

function writeSome(chunk: Uint8Array): number {
  try {
    return writeSync(OUTPUT, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

base
  .fd(INPUT)
  .pipe(
    map(read),
    takeWhile((chunk) => chunk.length > 0),
    startWith(Buffer.from('Welcome. Whatever you say, I say too.\n')),
    concatMapHeld(write),
  )
  .subscribe({
    error: (error: unknown) => {
      console.error(String(error));
      process.exitCode = 1;
    },
  });
