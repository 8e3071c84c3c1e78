import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = join(__dirname, 'support/contexts.cjs');

describe('context (T8): subscribers are called back in the context in which they subscribed', () => {
  it('by each way to subscribe, as by net and by rxjs.timer', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT]);
    const seen = JSON.parse(stdout) as Record<string, readonly string[]>;
    const foreign = Object.entries(seen)
      .map(([way, calls]) => [way, calls.filter((call) => !call.endsWith(': own'))] as const)
      .filter(([, calls]) => calls.length > 0);
    expect(Object.fromEntries(foreign)).toEqual({});
    const silent = Object.entries(seen).filter(([, calls]) => calls.length === 0);
    expect(silent).toEqual([]);
    expect(Object.keys(seen).length).toBeGreaterThan(30);
  });
});
