import type { Faults } from '../../support/Faults';

/**
 * Runs a program in which calls fail, and parses what it reports. What says nothing is reported as
 * `silence` once the reactor has been round often enough.
 */
export async function reportOf(faults: Faults, main: string): Promise<unknown> {
  const ended = await faults.run(
    `const { once } = require('node:events');
    const { connect } = require('node:net');
    const { firstValueFrom, NEVER, tap } = require('rxjs');
    const faults = require('./spec/support/faults.cjs');
    const { World, bytesOf, endingOf, nextTurn, readStuffing, report } =
      require('./spec/support/world.cjs');
    /** How an Observable ends: 'complete' or a code. */
    const ending = (source) => new Promise((resolve) => source.subscribe({
      error: ({ code }) => resolve(code), complete: () => resolve('complete') }));
    /** How a connection ends, by what it says of it. */
    const endOf = (conn) => new Promise((resolve) =>
      conn.whenClosed.subscribe(() => resolve(conn.failure?.code ?? 'no failure')));
    const main = async () => {
      const world = await World.open();
      const unlessSilent = (promise) =>
        Promise.race([promise, world.rounds(100).then(() => 'silence')]);
      ${main}
      process.exit();
    };
    main();`,
  );
  const { code, signal, stdout, stderr } = ended;
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout) as unknown;
}
