import { firstValueFrom } from 'rxjs';
import { EventBase, LibeventError } from 'rxjs-libevent';

/** In Bun and Deno themselves: scripts/smoke.mjs, by scripts/runtimes.mjs. */
describe('EventBase in another runtime', () => {
  const { versions } = process;

  beforeEach(() => {
    Object.defineProperty(process, 'versions', { value: { ...versions, bun: '1.4.5' } });
  });

  afterEach(() => {
    Object.defineProperty(process, 'versions', { value: versions });
  });

  it("takes a thread for 'auto', the default", async () => {
    const base = new EventBase();
    await firstValueFrom(base.timer(1));
    expect(base.stats.javaScriptTurns).toBe(0);
    await base.close();
  });

  it('refuses threads: 0', () => {
    const refused = (): EventBase => new EventBase({ threads: 0 });
    expect(refused).toThrow(LibeventError);
    expect(refused).toThrow(/ENOTSUP.*threads: 1/);
  });

  it('refuses signals, of which its loop has none', async () => {
    const base = new EventBase();
    await expect(firstValueFrom(base.signal('SIGUSR2'))).rejects.toMatchObject({ code: 'ENOTSUP' });
    await base.close();
  });
});
