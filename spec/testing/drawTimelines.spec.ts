import { drawTimeline } from '../../lib/testing/drawTimelines';
import { sign } from '../../lib/testing/Mark';
import { messageOf } from './support/messageOf';

describe('drawTimeline', () => {
  const rules = { same: (one: string, other: string) => one === other, describe: String };
  const value = (frame: number, char: string) => ({ frame, char, value: char });

  it('counts a group as many frames as it has characters', () => {
    const marks = [value(0, 'a'), value(0, 'b'), sign(4, '|')];
    expect(drawTimeline(marks, rules).marbles).toBe('(ab)|');
  });

  it('keeps the distance after a group', () => {
    const marks = [value(2, 'a'), value(2, 'b'), sign(8, '|')];
    expect(drawTimeline(marks, rules).marbles).toBe('--(ab)--|');
  });

  it('draws an ending by its own sign', () => {
    expect(
      messageOf(({ connection, expectClosed }) => {
        const conn = connection('--|');
        conn.subscribe(conn);
        expectClosed(conn).toBe('--!');
      }),
    ).toBe(`expectClosed(connection 1): frame 2 differs

  expected  --!
  actual    --|
              ^
  !  destroyed before both sides had ended
  |  closed in order, FIN both ways
`);
  });
});
