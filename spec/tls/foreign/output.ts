import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { clean } from '../support/certificates';

/** What a program prints until it ends well; its standard input ends behind `input`. */
export async function output(
  command: string,
  args: readonly string[],
  input = '',
): Promise<string> {
  const child = spawn(command, args, { env: clean() });
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (data) => (printed += String(data)));
  child.stderr.on('data', (data) => (errors += String(data)));
  // A program that has ended already reads no more.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${printed}${errors}`);
  return printed;
}
