import { Child, type ChildOptions } from './Child';

const program = `
  const AsyncFunction = (async () => {}).constructor;
  const answer = (value) => console.log(JSON.stringify(value));
  const fail = (error) => answer({ failure: String(error?.stack ?? error) });
  process.on('uncaughtException', fail);
  require('node:readline').createInterface(process.stdin).on('line', (line) => {
    new AsyncFunction('require', JSON.parse(line))(require).then((result) => answer({ result }), fail);
  }).on('close', () => process.exit());`;

/**
 * A child for a whole spec file: it runs one script after the other, each the body of an async function. One
 * that dies of a script is followed by another.
 */
export class SharedChild {
  private child: Child | undefined;
  private answers = true;

  constructor(private readonly options: ChildOptions = {}) {
    afterEach(() => {
      if (!this.answers) this.drop();
    });
    afterAll(() => this.end());
  }

  /** What the script returns. Rejects if it throws, is left by an error, writes to stderr or ends the child. */
  async run<T>(script: string): Promise<T> {
    this.child ??= new Child(program, { ...this.options, shared: true });
    const { child } = this;
    this.answers = false;
    child.process.stdin?.write(`${JSON.stringify(script)}\n`);
    const { result, failure } = await child.json<{ result: T; failure?: string }>();
    if (failure !== undefined) throw new Error(failure);
    expect(child.stderr).toBe('');
    this.answers = true;
    return result;
  }

  private drop(): void {
    this.child?.process.kill('SIGKILL');
    this.child = undefined;
    this.answers = true;
  }

  private async end(): Promise<void> {
    if (this.child === undefined) return;
    this.child.endInput();
    expect(await this.child.ended()).toMatchObject({ code: 0, signal: null, stderr: '' });
  }
}
