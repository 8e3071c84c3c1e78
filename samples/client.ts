/**
 * A client that reconnects, in one pipeline: connect, talk, and when that ends, whichever way, wait
 * and begin again. The wait doubles with every failure up to the longest, and is short again after
 * the first answer.
 */
import { Command } from 'commander';
import { takeUntil } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { client } from './pipelines/client';
import { hostAndPort } from './support/hostAndPort';
import { interrupted } from './support/interrupted';
import { wholeNumber } from './support/serverOptions';

interface ClientOptions {
  readonly to: ReturnType<typeof hostAndPort>;
  readonly periodMs: number;
  readonly longestWaitMs: number;
}

const FIRST_WAIT_MS = 50;

const { to, periodMs, longestWaitMs } = new Command('client')
  .description('Asks a server of lines, again and again, and prints what it answers.')
  .requiredOption('--to <host:port>', 'server', hostAndPort)
  .option('--period-ms <number>', 'between two questions', wholeNumber(1, 60_000), 1000)
  .option(
    '--longest-wait-ms <number>',
    'before another attempt',
    wholeNumber(FIRST_WAIT_MS, 3_600_000),
    2000,
  )
  .parse()
  .opts<ClientOptions>();
const base = new EventBase();
const say = (what: string): void => console.log(what);

const options = { periodMs, firstWaitMs: FIRST_WAIT_MS, longestWaitMs, say };

client((session) => base.connect(to, session), base, options)
  .pipe(takeUntil(interrupted()))
  .subscribe(say);
