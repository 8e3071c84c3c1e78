import { EMPTY, NEVER, merge, of, retry } from 'rxjs';
import { type Connection, sendTo, serve } from 'rxjs-libevent';
import {
  type FaultProbabilities,
  type SimulateConfig,
  type SimulationHelpers,
  type SimulationReport,
  simulate,
} from 'rxjs-libevent/testing';

const PORT = 7;
const none = {
  ...{ delay: 0, split: 0, join: 0, stall: 0, reset: 0, halfOpen: 0, partition: 0 },
  ...{ dropListener: 0, exhaust: 0 },
};

const SEED = 1;

interface Seen {
  readonly chunks: string[];
  readonly client: string[];
  readonly server: string[];
  readonly trouble: string[];
  readonly frames: number[];
  readonly report: SimulationReport;
}

/** One client that sends something to one server, over a network that does one thing. */
function see(
  faults: FaultProbabilities,
  config: Partial<SimulateConfig> = {},
  talk: (conn: Connection) => void = () => undefined,
): Seen {
  const seen = { chunks: [], client: [], server: [], trouble: [], frames: [] } as Omit<
    Seen,
    'report'
  > & { chunks: string[] };
  const system = ({ machine, now }: SimulationHelpers): void => {
    const server = machine('server');
    const listener = server.listen({ port: PORT });
    listener.errors.subscribe(({ code }) => seen.trouble.push(code));
    listener
      .pipe(
        serve(
          (conn) => {
            conn.subscribe({
              next: (chunk) => {
                seen.chunks.push(chunk.toString());
                seen.frames.push(now());
              },
              error: ({ code }: { code: string }) => seen.server.push(code),
              complete: () => seen.server.push('FIN'),
            });
            return NEVER;
          },
          { onError: () => undefined },
        ),
      )
      .subscribe({ error: ({ code }: { code: string }) => seen.server.push(code) });
    machine('client')
      .connect({ host: 'server', port: PORT }, (conn) => {
        talk(conn);
        return merge(of('abcdefgh').pipe(sendTo(conn)), conn);
      })
      .subscribe({
        error: ({ code }: { code: string }) => {
          seen.client.push(code);
          seen.frames.push(now());
        },
      });
  };
  const report = simulate(
    { seed: SEED, faults: { ...none, ...faults }, latencyMs: 0, durationMs: 60_000, ...config },
    system,
  );
  return { ...seen, report };
}

describe('the network of a simulation', () => {
  it('is fair where no probability is above 0', () => {
    const { chunks, client, server, frames, report } = see({});
    expect(chunks).toEqual(['abcdefgh']);
    expect(frames).toEqual([0]);
    expect([client, server]).toEqual([[], []]);
    expect(Object.values(report.faults)).toEqual(Array(9).fill(0));
    expect(report.bytes).toBe(8);
  });

  it('delays', () => {
    const { frames } = see({ delay: 1 });
    expect(frames[0]).toBeGreaterThan(0);
    expect(frames[0]).toBeLessThanOrEqual(600);
  });

  it('splits', () => {
    const { chunks } = see({ split: 1 });
    expect(chunks).toHaveLength(2);
    expect(chunks.join('')).toBe('abcdefgh');
  });

  it('joins', () => {
    const twice = (conn: Connection): void => {
      of('1').pipe(sendTo(conn)).subscribe();
    };
    const { chunks, report } = see({ join: 1 }, {}, twice);
    expect(chunks).toEqual(['1abcdefgh']);
    expect(report.faults.join).toBeGreaterThan(0);
  });

  it('stalls', () => {
    expect(see({ stall: 1 }, { stallMs: 5000 }).frames[0]).toBeGreaterThan(200);
  });

  it('resets', () => {
    const { chunks, client, server, report } = see({ reset: 1 });
    expect(chunks).toEqual([]);
    expect([client, server]).toEqual([['ECONNRESET'], ['ECONNRESET']]);
    expect(report.dropped).toEqual({ 'reset by the network': 8 });
  });

  it('forgets a connection: a side that has sent something is notified, one that waits is not', () => {
    const { chunks, client, server } = see({ halfOpen: 1 }, { giveUpMs: 1000 });
    expect(chunks).toEqual([]);
    expect(['ETIMEDOUT', 'ECONNRESET']).toContain(client[0]);
    expect(server).toEqual([]);
  });

  it('cuts machines off, and heals', () => {
    const { chunks, frames } = see({ partition: 1 }, { partitionMs: 2000 });
    expect(chunks).toEqual(['abcdefgh']);
    expect(frames[0]).toBeGreaterThan(0);
  });

  it('gives up in a partition that lasts', () => {
    const { client, frames } = see({ partition: 1 }, { partitionMs: 1e6, giveUpMs: 100 });
    expect(client).toEqual(['ETIMEDOUT']);
    expect(frames).toEqual([100]);
  });

  it('drops the listener, and refuses who comes', () => {
    const { client, server } = see({ dropListener: 1 });
    expect([client, server]).toEqual([['ECONNREFUSED'], ['ENETDOWN']]);
  });

  it('exhausts descriptors', () => {
    expect(see({ exhaust: 1 }).client).toEqual(['EMFILE']);
  });

  it('exhausts descriptors of a listener, which goes on', () => {
    // Only now and then, so that somebody can connect.
    const trouble = Array.from({ length: 40 }, (_, index) =>
      see({ exhaust: 0.5 }, { seed: index }),
    );
    const paused = trouble.filter((seen) => seen.trouble.length > 0);
    expect(paused.length).toBeGreaterThan(2);
    for (const seen of paused) expect(seen.chunks).toEqual(['abcdefgh']);
  });

  it('is calm when its time is over', () => {
    const { report, chunks } = see({ reset: 1, split: 1 }, { calmAfterMs: 0 });
    expect(chunks).toEqual(['abcdefgh']);
    expect(report.faults.reset).toBe(0);
  });

  it('knows machines by their names only', () => {
    const codes: string[] = [];
    simulate({ seed: 1, faults: none }, ({ base }) => {
      for (const host of ['nobody', '10.9.9.9']) {
        base
          .connect({ host, port: PORT }, () => EMPTY)
          .subscribe({
            error: ({ code }: { code: string }) => codes.push(code),
          });
      }
    });
    expect(codes.sort()).toEqual(['EHOSTUNREACH', 'ENOTFOUND']);
  });

  it('closes what an attempt has opened that was given up', () => {
    let closed = 0;
    simulate({ seed: 1, faults: none, latencyMs: 0 }, ({ machine, atEnd }) => {
      machine('server')
        .listen({ port: PORT })
        .pipe(retry())
        .subscribe((conn) => {
          conn.subscribe({ error: () => undefined });
          conn.whenClosed.subscribe(() => (closed += 1));
        });
      const client = machine('client');
      const connecting = client.connect({ host: 'server', port: PORT }).subscribe();
      client.timer(0).subscribe(() => {
        connecting.unsubscribe();
      });
      atEnd('the server is rid of it', () => closed <= 1);
    });
    expect(closed).toBeLessThanOrEqual(1);
  });
});
