import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What a program prints, whose input is given; it must end with 0. */
export async function piped(
  command: string,
  args: readonly string[],
  input: Buffer | string = '',
): Promise<Buffer> {
  const child = spawn(command, args, {
    // What an instrumented addon needs preloaded is for Node alone.
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A program that has no use for its input may be gone.
  child.stdin.on('error', () => {}).end(input);
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return Buffer.concat(chunks);
}
