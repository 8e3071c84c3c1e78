import { Subscription, type TeardownLogic } from 'rxjs';
import { LightSubscription } from '../../lib/flow/LightSubscription';

describe('LightSubscription', () => {
  it('tears its upstream down, and whatever else was added, once', () => {
    const light = new LightSubscription();
    const released: string[] = [];
    light.add({ unsubscribe: () => released.push('upstream') });
    light.add({ unsubscribe: () => released.push('another') });
    light.add(() => released.push('a function'));
    light.unsubscribe();
    light.unsubscribe();
    expect(released.sort()).toEqual(['a function', 'another', 'upstream']);
  });

  it('is closed while it tears down', () => {
    const light = new LightSubscription();
    let closed: boolean | undefined;
    light.add({ unsubscribe: () => (closed = light.closed) });
    light.unsubscribe();
    expect(closed).toBe(true);
  });

  it('tears down at once what is added when it is closed', () => {
    const light = new LightSubscription();
    light.unsubscribe();
    const late = new Subscription();
    light.add(late);
    expect(late.closed).toBe(true);
  });

  it('leaves alone what has been removed', () => {
    const light = new LightSubscription();
    const [first, second] = [new Subscription(), new Subscription()];
    light.add(first);
    light.add(second);
    light.remove(first);
    light.remove(second);
    light.unsubscribe();
    expect([first.closed, second.closed]).toEqual([false, false]);
  });

  it('has room again when its upstream is closed, as with repeat', () => {
    const light = new LightSubscription();
    const upstreams = Array.from({ length: 100 }, () => new Subscription());
    for (const upstream of upstreams) {
      light.add(upstream);
      upstream.unsubscribe();
    }
    const last = new Subscription();
    light.add(last);
    light.unsubscribe();
    expect(last.closed).toBe(true);
  });

  it('takes nothing, null and itself as nothing to tear down', () => {
    const light = new LightSubscription();
    light.add(undefined);
    light.add(null as unknown as TeardownLogic);
    light.add(light);
    light.unsubscribe();
    expect(light.closed).toBe(true);
  });

  it('tears everything down when one of the teardowns throws, and throws that', () => {
    const light = new LightSubscription();
    const upstream = new Subscription();
    light.add(upstream);
    light.add(() => {
      throw new Error('boom');
    });
    expect(() => light.unsubscribe()).toThrow('boom');
    expect(upstream.closed).toBe(true);
  });
});
