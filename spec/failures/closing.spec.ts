import { Faults } from '../support/Faults';
import { reportOf } from './support/reportOf';

const faults = new Faults();
afterAll(() => faults.remove());

describe('failures: a listener that closes while there is no descriptor', () => {
  it.each([
    ['a port', "{ host: '127.0.0.1' }"],
    ['a path', "{ path: 'closing-' + process.pid + '.sock' }"],
  ])('serves who waits at %s once there is one', async (_where, config) => {
    const result = await reportOf(
      faults,
      `
      const listener = world.base.listen(${config});
      const troubles = [];
      listener.errors.subscribe(({ code }) => troubles.push(code));
      const release = listener.hold();
      const ended = ending(listener.pipe(tap((conn) => {
        conn.next('served');
        conn.complete();
      })));
      const { address, port } = await firstValueFrom(listener.bound);
      const peer = connect(port === 0 ? { path: address } : { host: address, port });
      await once(peer, 'connect');
      faults.fail('accept4', 'EMFILE');
      listener.close();
      await firstValueFrom(listener.errors);
      await world.rounds();
      const answer = bytesOf(peer, 6);
      faults.lift('accept4');
      release();
      report({ answer: (await answer).toString(), how: await ended, troubles });`,
    );
    expect(result).toEqual({ answer: 'served', how: 'complete', troubles: ['EMFILE'] });
  });
});
