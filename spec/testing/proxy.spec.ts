import { sendTo } from 'rxjs-libevent';
import { marbles } from './support/marbles';

describe('a proxy whose upstream stops taking bytes', () => {
  it('holds the client until the upstream has drained to its low mark', () => {
    marbles(({ connection, expectOutput, expectDemand, expectHolds, expectSaturation }) => {
      const client = connection('--a-b-c-|', { a: 'aaaa', b: 'bbbb', c: 'cc' }, { name: 'client' });
      const upstream = connection(
        '',
        {},
        {
          name: 'upstream',
          takes: '----------3-3--*',
          write: { high: 6, low: 2 },
        },
      );
      client.pipe(sendTo(upstream)).subscribe();
      expectDemand(client).toBe('^---!-------(^!)');
      expectHolds(client).toBe('----u-------!', { u: upstream });
      expectSaturation(upstream).toBe('----^-------!');
      expectOutput(upstream).toBe('----------x-y--z', { x: 'aaa', y: 'abb', z: 'bbcc' });
    });
  });
});
