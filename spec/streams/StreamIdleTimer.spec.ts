import { StreamIdleTimer } from '../../lib/streams/StreamIdleTimer';

describe('StreamIdleTimer', () => {
  const moving = { movedBytes: 0 };
  let idle: number;
  let timer: StreamIdleTimer;

  beforeEach(() => {
    jest.useFakeTimers();
    moving.movedBytes = 0;
    idle = 0;
    timer = new StreamIdleTimer(moving, () => (idle += 1));
  });

  afterEach(() => {
    timer.set(0);
    jest.useRealTimers();
  });

  it('comes once after so long', () => {
    timer.set(100);
    jest.advanceTimersByTime(99);
    expect(idle).toBe(0);
    jest.advanceTimersByTime(1000);
    expect(idle).toBe(1);
  });

  it('comes later when something is read or written, and again after it has come', () => {
    timer.set(100);
    jest.advanceTimersByTime(60);
    timer.refresh();
    jest.advanceTimersByTime(60);
    expect(idle).toBe(0);
    jest.advanceTimersByTime(40);
    expect(idle).toBe(1);
    timer.refresh();
    jest.advanceTimersByTime(100);
    expect(idle).toBe(2);
  });

  it('T9: comes later when the system has taken something of what waits', () => {
    timer.set(100);
    moving.movedBytes = 1;
    jest.advanceTimersByTime(100);
    expect(idle).toBe(0);
    jest.advanceTimersByTime(100);
    expect(idle).toBe(1);
  });

  it('never comes with 0', () => {
    timer.set(100);
    timer.set(0);
    timer.refresh();
    jest.advanceTimersByTime(1000);
    expect([idle, timer.timeoutMs]).toEqual([0, 0]);
  });

  it('is refused what is no time', () => {
    expect(() => timer.set(-1)).toThrow(RangeError);
    expect(() => timer.set(2 ** 31)).toThrow('ms');
    expect(() => timer.set('1' as never)).toThrow(TypeError);
  });
});
