import { retry, take } from 'rxjs';
import { serve } from 'rxjs-libevent';
import type { SimulationHelpers } from 'rxjs-libevent/testing';
import { answerWith } from '../pipelines/answerWith';
import { client } from '../pipelines/client';

const PORT = 40713;
const ANSWER = /^server: question [0-9]+$/;

/** The sample's client, which comes again whatever happens, until it has had enough answers. */
export function questions({
  machine,
  draw,
  always,
  atEnd,
  sometimes,
  reached,
}: SimulationHelpers): void {
  const base = machine('server');
  base
    .listen({ port: PORT, idleTimeoutMs: 60_000 })
    .pipe(serve(answerWith('server')), retry({ delay: () => base.timer(100) }))
    .subscribe();

  sometimes('a client comes again');
  const clients = draw('clients', 1, 4);
  let done = 0;
  let wrong = '';
  for (let number = 1; number <= clients; number += 1) {
    const own = machine(`client ${String(number)}`);
    const options = {
      periodMs: draw('period', 1, 500),
      ...{ firstWaitMs: 10, longestWaitMs: 500 },
      say: (what: string) => {
        if (what.includes('again in')) reached('a client comes again');
      },
    };
    const target = { host: 'server', port: PORT, readTimeoutMs: 10_000 };
    client((session) => own.connect(target, session), own, options)
      .pipe(take(draw('answers', 1, 8)))
      .subscribe({
        next: (answer) => {
          if (!ANSWER.test(answer)) wrong = answer;
        },
        complete: () => {
          done += 1;
        },
      });
  }
  always('an answer is whole', () => wrong === '');
  atEnd('every client has its answers', () => done === clients);
}
