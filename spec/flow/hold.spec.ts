import { Subject } from 'rxjs';
import { hold } from '../../lib/flow/hold';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';

describe('hold', () => {
  const turns = new ManualTurns();
  beforeEach(() => turns.install());
  afterEach(() => {
    turns.remove();
  });

  it('holds the source of the value that is being handled', () => {
    const source = new FakeSource<string>();
    const seen: string[] = [];
    let release = (): void => undefined;
    source.subscribe((value) => {
      seen.push(value);
      release = hold('busy');
    });
    source.offer('a', 'b');
    turns.runAll();
    expect(seen).toEqual(['a']);
    expect(source.own.heldBy).toEqual(['busy']);
    release();
    expect(seen).toEqual(['a']);
    turns.runAll();
    expect(seen).toEqual(['a', 'b']);
  });

  it('names itself when no reason is given', () => {
    const source = new FakeSource<string>();
    source.subscribe(() => hold());
    source.offer('a');
    turns.runAll();
    expect(source.own.heldBy).toEqual(['hold']);
  });

  it('holds nothing outside of a scope, and its release does nothing', () => {
    const release = hold();
    release();
    release();
    const foreign = new Subject<number>();
    foreign.subscribe(() => {
      hold()();
    });
    foreign.next(1);
    expect(turns.length).toBe(0);
  });
});
