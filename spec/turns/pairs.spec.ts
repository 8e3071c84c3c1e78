import { Child } from '../lifecycle/support/Child';

/** What is done with the two ends of a pair; `read(b)` subscribes to one. */
const scenes: [name: string, scene: string][] = [
  ['reset while its reader is held', 'read(b); b.hold(); a.next(bytes); a.reset()'],
  [
    'failed while its reader is held',
    'read(b); b.hold(); a.next(bytes); a.error(new Error("late"))',
  ],
  ['destroyed while its reader is held', 'read(b); b.hold(); a.next(bytes); a.destroy()'],
  ['completed while its reader is held', 'read(b); b.hold(); a.next(bytes); a.complete()'],
  [
    'reset before its reader is held',
    'read(b); await rounds(); a.next(bytes); b.hold(); a.reset()',
  ],
  ['reset while its reader has left', 'read(b).unsubscribe(); a.next(bytes); a.reset()'],
  ['reset while nobody reads', 'a.next(bytes); a.reset()'],
  [
    'reset twice',
    'read(a); read(b); a.hold(); b.hold(); a.next(bytes); b.next(bytes); a.reset(); b.reset()',
  ],
  ['lingering while its partner writes', 'a.close(300_000); b.next(bytes); b.complete()'],
  ['lingering while its partner writes on', 'a.close(300_000); b.next(bytes)'],
  ['lingering while its partner goes', 'a.close(300_000); b.next(bytes); b.reset()'],
  [
    'lingering after it has read',
    'read(a); b.next(bytes); await rounds(); a.close(300_000); b.next(bytes); b.complete()',
  ],
  ['lingering at both ends', 'a.next(bytes); b.next(bytes); a.close(300_000); b.close(300_000)'],
  [
    'ended by both, then lingering',
    'a.next(bytes); a.complete(); await rounds(); b.complete(); b.close(300_000)',
  ],
  [
    'given a lower mark meanwhile',
    'read(b, () => b.hold()); a.next(bytes); b.setWatermarks({ read: { low: 1, high: 10 } })',
  ],
];
const marks = [
  ['marks of 1,000 bytes', '{ read: { low: 0, high: 1000 } }'],
  ['marks as they are', '{}'],
] as const;

/** One program has all scenes, each on a base with a thread of its own, and looks at them together. */
describe.each(marks)('turns: a pair with %s comes to rest', (_marks, config) => {
  let spinning: readonly string[];

  beforeAll(async () => {
    const named = scenes.map(
      ([name, scene]) =>
        `[${JSON.stringify(name)}, async (base) => {
          const rounds = async () => {
            for (let count = 0; count < 20; count += 1) await firstValueFrom(base.timer(0));
          };
          const [a, b] = base.pair(${config});
          const bytes = Buffer.alloc(100_000);
          const read = (end, next = () => {}) => end.subscribe({ next, error: () => {} });
          a.events.subscribe();
          b.events.subscribe();
          ${scene};
        }]`,
    );
    const child = new Child(
      `const { firstValueFrom } = require('rxjs');
      const { EventBase } = require('rxjs-libevent');
      const { report, threads, whoSpins } = require('./spec/support/world.cjs');
      const main = async () => {
        const owners = new Map();
        for (const [name, play] of [${named.join()}]) {
          const known = threads();
          const base = new EventBase({ threads: 1 });
          for (const id of threads()) if (!known.includes(id)) owners.set(id, name);
          await play(base);
        }
        report({ owners: owners.size, spinning: await whoSpins(owners) });
        process.kill(process.pid, 'SIGKILL');
      };
      main();`,
    );
    const result = await child.json<{ owners: number; spinning: string[] }>();
    expect(result.owners).toBe(scenes.length);
    ({ spinning } = result);
  });

  it.each(scenes)('%s', (name) => {
    expect(spinning).not.toContain(name);
  });
});
