import { NEVER, of } from 'rxjs';
import {
  EventBase,
  delimited,
  encodeDelimited,
  encodeLines,
  holdable,
  lengthPrefixed,
  lines,
  observeOnHeld,
  sendTo,
  serve,
} from 'rxjs-libevent';
import { marbles } from '../testing/support/marbles';

describe('An unknown option', () => {
  const base = new EventBase();
  const [conn] = base.pair();
  afterAll(() => base.close());

  const odd = { odd: 1 } as never;
  it.each<[string, () => unknown]>([
    ['new EventBase', () => new EventBase(odd)],
    ['listen', () => base.listen(odd)],
    ['connect', () => base.connect({ port: 1, ...(odd as object) })],
    ['open', () => base.open({ port: 1, ...(odd as object) })],
    ['pair', () => base.pair(odd)],
    ['read of pair', () => base.pair({ read: odd })],
    ['rateLimit of listen', () => base.listen({ rateLimit: odd })],
    ['rateLimitGroup', () => base.rateLimitGroup(odd)],
    ['loop', () => base.loop(odd)],
    ['timer', () => base.timer(1, undefined, odd)],
    ['signal', () => base.signal('SIGUSR2', odd)],
    ['fd', () => base.fd(0, odd)],
    ['sendFile', () => conn.sendFile('x', odd)],
    ['setWatermarks', () => conn.setWatermarks(odd)],
    ['write of setWatermarks', () => conn.setWatermarks({ write: odd })],
    ['setTimeouts', () => conn.setTimeouts(odd)],
    ['setRateLimit', () => base.rateLimitGroup(odd)],
    ['sendTo', () => sendTo(conn, odd)],
    ['serve', () => serve(() => NEVER, odd)],
    ['holdable', () => holdable(of(1), { pause: Date, resume: Date, ...(odd as object) })],
    ['observeOnHeld', () => observeOnHeld(base.scheduler, odd)],
    ['lines', () => lines(odd)],
    ['delimited', () => delimited(';', odd)],
    ['lengthPrefixed', () => lengthPrefixed(odd)],
    ['encodeLines', () => encodeLines(odd)],
    ['encodeDelimited', () => encodeDelimited(';', odd)],
  ])('is refused by name: %s', (_, call) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(/has an unknown option 'odd'$/);
  });

  it.each([
    ['hostt', 'host'],
    ['hots', 'host'],
    ['Host', 'host'],
    ['hst', 'host'],
    ['baklog', 'backlog'],
    ['keepAliveSecnds', undefined],
  ])("suggests what is nearest: '%s'", (name, meant = '') => {
    const error = new RegExp(`unknown option '${name}'${meant && `, did you mean '${meant}'\\?`}`);
    expect(() => base.listen({ [name]: 1 })).toThrow(error);
  });

  it('is refused in a marble test, too', () => {
    marbles((test) => {
      for (const call of ['connection', 'peer', 'listener'] as const) {
        expect(() => test[call]('', {}, odd)).toThrow("unknown option 'odd'");
      }
      expect(() => test.connector([''], {}, odd)).toThrow("unknown option 'odd'");
    });
  });
});
