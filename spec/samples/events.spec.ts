import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSample } from './support/runSample';

describe('welcome-echo', () => {
  it('greets, then echoes until the input ends', async () => {
    const sample = new RunSample('welcome-echo');
    await sample.printed('Welcome. Whatever you say, I say too.\n');
    sample.child.stdin.write('hello\n');
    await sample.printed('hello\n');
    sample.child.stdin.end('bye\n');
    const { code, output, errors } = await sample.ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toBe('Welcome. Whatever you say, I say too.\nhello\nbye\n');
  });

  it('echoes a megabyte to a reader that begins late', async () => {
    const sample = new RunSample('welcome-echo');
    await sample.printed('Welcome');
    sample.child.stdout.pause();
    const text = 'x'.repeat(1 << 20);
    sample.child.stdin.end(text);
    await new Promise((resolve) => setImmediate(resolve));
    sample.child.stdout.resume();
    const { output, errors } = await sample.ended;
    expect(errors).toBe('');
    expect(output.length).toBe('Welcome. Whatever you say, I say too.\n'.length + text.length);
  });
});

describe('time-test', () => {
  it('prints how late its ticks are, and their mean period', async () => {
    const { code, output, errors } = await new RunSample('time-test', '--ticks', '400').ended;
    expect([code, errors]).toEqual([0, '']);
    const match =
      /^(\d+) ticks, (\d+) skipped\nperiod ([\d.]+) ms on average, 0.2500 ms wanted\nlate by \d+ µs/.exec(
        output,
      );
    expect(match).not.toBeNull();
    const [, ticks, skipped, mean] = (match ?? []).map(Number);
    expect((ticks ?? 0) + (skipped ?? 0)).toBeLessThanOrEqual(400);
    expect(mean).toBeGreaterThan(0);
  });

  it('refuses a period that is none', async () => {
    const { code, errors } = await new RunSample('time-test', '--period', '0').ended;
    expect(code).toBe(1);
    expect(errors).toContain('A number above 0.');
  });
});

describe('common-timeouts', () => {
  it('starts a hundred thousand timers, cancels half and sees the others fire', async () => {
    const { code, output, errors } = await new RunSample('common-timeouts', '--seconds', '0.5')
      .ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(
      /^100000 timers of 0.5 s: [\d.]+ µs each\n50000 cancelled\n50000 fired after [\d.]+ s\n$/,
    );
  });
});

describe('signal', () => {
  it('counts SIGHUP and ends at the second SIGINT', async () => {
    const sample = new RunSample('signal');
    await sample.printed('waiting for signals');
    sample.child.kill('SIGHUP');
    await sample.printed('SIGHUP, 1 so far');
    sample.child.kill('SIGHUP');
    await sample.printed('SIGHUP, 2 so far');
    sample.child.kill('SIGTERM');
    await sample.printed('SIGTERM: no more of them');
    sample.child.kill('SIGINT');
    await sample.printed('SIGINT\n');
    sample.child.kill('SIGINT');
    const { code, output, errors } = await sample.ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toContain('SIGINT\nSIGINT\nthat was the second one\n');
  });
});

describe('read-fifo', () => {
  it('prints what is written to the pipe, and removes it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rxjs-libevent-'));
    const path = join(folder, 'event.fifo');
    const sample = new RunSample('read-fifo', path);
    await sample.printed(`reading from ${path}`);
    writeFileSync(path, 'hello\n');
    await sample.printed('read: hello\n');
    writeFileSync(path, 'again\n');
    await sample.printed('read: again\n');
    sample.child.kill('SIGINT');
    const { code, output, errors } = await sample.ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/interrupted\n$/);
    expect(existsSync(path)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});
