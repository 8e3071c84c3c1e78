import { LibeventError } from 'rxjs-libevent';
import { IdleTimeouts } from '../../lib/connection/IdleTimeouts';
import type { Idling } from '../../lib/connection/IdleWatch';
import { ManualTimers } from '../events/support/ManualTimers';

/** Something that moves and rests by hand, and when it has timed out. */
class Mover implements Idling {
  movedBytes = 0;
  rests = false;
  readonly log: (number | string)[] = [];
  constructor(private readonly timers: ManualTimers) {}
  onTimeout(): void {
    this.log.push(this.timers.now());
  }
  onUnwatched({ code }: LibeventError): void {
    this.log.push(code);
  }
}

describe('IdleTimeouts', () => {
  const timers = { current: new ManualTimers() };
  let idle: IdleTimeouts;

  beforeEach(() => {
    timers.current = new ManualTimers();
    idle = new IdleTimeouts(timers.current);
  });

  it.each([0, 1, 12, 24, 25, 26, 49, 99])(
    'comes between the timeout and a quarter more, %i ms after another connection',
    (offset) => {
      const [first, second] = [new Mover(timers.current), new Mover(timers.current)];
      first.rests = true;
      idle.watch(100, first);
      timers.current.advance(offset);
      idle.watch(100, second);
      timers.current.advance(150);
      expect(second.log).toHaveLength(1);
      expect(second.log[0]).toBeGreaterThanOrEqual(offset + 100);
      expect(second.log[0]).toBeLessThanOrEqual(offset + 125);
    },
  );

  it.each([1, 24, 26, 99, 100, 101])('begins anew with what moves after %i ms', (ms) => {
    const mover = new Mover(timers.current);
    idle.watch(100, mover);
    timers.current.advance(ms);
    mover.movedBytes += 1;
    timers.current.advance(99);
    expect(mover.log).toEqual([]);
    timers.current.advance(26);
    expect(mover.log).toHaveLength(1);
  });

  it.each([1, 24, 26, 99])('begins anew when it is renewed after %i ms', (ms) => {
    const mover = new Mover(timers.current);
    const watch = idle.watch(100, mover);
    timers.current.advance(ms);
    watch.renew();
    timers.current.advance(99);
    expect(mover.log).toEqual([]);
    timers.current.advance(26);
    expect(mover.log).toHaveLength(1);
  });

  it('does not come while it rests', () => {
    const mover = new Mover(timers.current);
    mover.rests = true;
    idle.watch(100, mover);
    timers.current.advance(1000);
    expect(mover.log).toEqual([]);
  });

  it('comes again and again, each time after the timeout', () => {
    const mover = new Mover(timers.current);
    idle.watch(100, mover);
    timers.current.advance(350);
    expect(mover.log).toEqual([125, 225, 325]);
  });

  it('takes a look that was late for one', () => {
    const mover = new Mover(timers.current);
    idle.watch(100, mover);
    timers.current.advance(25);
    timers.current.block(10_000);
    timers.current.advance(0);
    mover.movedBytes += 1;
    timers.current.advance(99);
    expect(mover.log).toEqual([]);
  });

  it('has a timer for each duration, and none when all have stopped', () => {
    const watches = [100, 100, 100, 200].map((ms) => idle.watch(ms, new Mover(timers.current)));
    expect(timers.current.pending).toBe(2);
    timers.current.advance(1000);
    expect(timers.current.pending).toBe(2);
    for (const watch of watches) watch.stop();
    for (const watch of watches) watch.stop();
    expect(timers.current.pending).toBe(0);
    idle.watch(100, new Mover(timers.current));
    expect(timers.current.pending).toBe(1);
  });

  it('stops within its own timeout, others too', () => {
    const [first, second] = [new Mover(timers.current), new Mover(timers.current)];
    const watches = [idle.watch(100, first), idle.watch(100, second)];
    first.onTimeout = () => {
      for (const watch of watches) watch.stop();
    };
    timers.current.advance(1000);
    expect([second.log, timers.current.pending]).toEqual([[], 0]);
  });

  it('ends what it watches when there is no room for a timer', () => {
    const mover = new Mover(timers.current);
    idle.watch(100, mover);
    timers.current.start = () => {
      throw new LibeventError('ENOBUFS', 'add');
    };
    timers.current.advance(30);
    expect(mover.log).toEqual(['ENOBUFS']);
  });

  it('starts nothing on a base that is being closed', () => {
    const refusal = new LibeventError('ERR_BASE_CLOSED', 'event_add');
    Object.defineProperty(timers.current, 'refusal', { value: refusal });
    idle.watch(100, new Mover(timers.current));
    expect(timers.current.pending).toBe(0);
  });
});
