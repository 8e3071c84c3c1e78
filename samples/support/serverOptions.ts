import { Command, InvalidArgumentError } from 'commander';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly threads: number | 'auto';
}

/** Reads a whole number within bounds from the command line. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`A whole number from ${String(least)} to ${String(most)}.`);
    }
    return value;
  };
}

/** Reads a number above 0 from the command line. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A number above 0.');
  return value;
}

/** A command that says where a sample listens, by `--host`, `--port` and `--threads`. */
export function serverCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any', wholeNumber(0, 65535), 40713)
    .option(
      '--threads <number>',
      "reactor threads; with 0, JavaScript's thread turns the base; auto: while it keeps up",
      (text) => (text === 'auto' ? text : wholeNumber(0, 64)(text)),
      'auto',
    );
}

/** The options of a {@link serverCommand} that has no others. */
export function serverOptions(name: string, description: string): ServerOptions {
  return serverCommand(name, description).parse().opts();
}
