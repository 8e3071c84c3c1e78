/**
 * A request/answer client: JSON-RPC 2.0, a line each. It asks what it reads from its input, a method and
 * its parameters in each line, up to 32 questions at a time, and prints each answer when it comes. It
 * connects again when the server is lost.
 */
import { Command } from 'commander';
import { retry } from 'rxjs';
import { EventBase, lines } from 'rxjs-libevent';
import { fromReadable } from 'rxjs-libevent/streams';
import { jsonRpc } from '../pipelines/jsonRpc';
import { hostAndPort } from '../support/hostAndPort';
import { wholeNumber } from '../support/serverOptions';

interface RpcClientOptions {
  readonly to: ReturnType<typeof hostAndPort>;
  readonly answerWithinMs: number;
  readonly heartbeatMs: number;
}

const { to, ...times } = new Command('rpc-client')
  .description('Asks a JSON-RPC server what stands in its input, as: add [1,2].')
  .requiredOption('--to <host:port>', 'server', hostAndPort)
  .option('--answer-within-ms <number>', 'for each question', wholeNumber(1, 60_000), 1000)
  .option('--heartbeat-ms <number>', 'between two pings', wholeNumber(1, 60_000), 500)
  .parse()
  .opts<RpcClientOptions>();
const base = new EventBase();
// It stays open for the next connection, with the questions that have not been asked.
const questions = fromReadable(process.stdin, { whenUnsubscribed: 'leave' }).pipe(lines());

base
  .connect({ ...to, connectTimeoutMs: times.answerWithinMs }, (conn) =>
    jsonRpc(conn, base, questions, { concurrency: 32, ...times }),
  )
  .pipe(
    retry({
      count: 5,
      resetOnSuccess: true,
      delay: (error, attempt) => {
        console.error(`${String(error)}; connecting again`);
        return base.timer(50 * 2 ** attempt);
      },
    }),
  )
  .subscribe({
    next: (answer) => {
      console.log(answer);
    },
    error: (error: unknown) => {
      console.error(String(error));
      process.exitCode = 1;
    },
  });
