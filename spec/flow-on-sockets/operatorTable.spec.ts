import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, Observable, type Subscription } from 'rxjs';
import { fixedLength } from 'rxjs-libevent';
import { queueingOperators } from '../../lib/eslint/queueingOperators';
import { Loopback, type Ends } from './support/Loopback';
import { operatorTable, operatorRows } from './support/operatorTable';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Operators between a connection and a saturated connection', () => {
  let loopback: Loopback;
  let sink: Ends;

  beforeAll(async () => {
    loopback = await Loopback.open({ maxOutputBytes: 1 << 26 });
    sink = await loopback.saturated();
  });

  afterAll(() => loopback.close());

  it.each(operatorTable)('$operator: $scope', async ({ scope, apply }) => {
    const { conn, peer } = await loopback.pair();
    let piped: Subscription | undefined;
    const held = new Observable<boolean>((subscriber) => {
      // The bytes one by one, so that operators which need several values have them.
      piped = apply(conn.pipe(fixedLength(1))).subscribe((value) => {
        sink.conn.next(String(value));
        subscriber.next(conn.held);
      });
    });
    const first = firstValueFrom(held);
    peer.write('abcdef');
    const atOnce = await first;
    await nextTurn();
    expect(sink.conn.saturated).toBe(true);
    if (scope === 'keeps') expect([atOnce, conn.heldBy]).toEqual([true, [sink.conn]]);
    if (scope === 'carries')
      expect([conn.held, conn.heldBy.includes(sink.conn)]).toEqual([true, false]);
    if (scope === 'leaves') expect(conn.held).toBe(false);
    piped?.unsubscribe();
  });

  it('are the table of docs/flow-control.md', () => {
    const text = readFileSync(join(__dirname, '../../docs/flow-control.md'), 'utf8');
    const rows = text
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ').replace(/-{3,}/g, '---'))
      .filter((line) => /^\| .* \| (scope|keeps|carries|leaves) \| /.test(line));
    expect(rows).toEqual(operatorRows());
  });

  it('are reported by the lint rule where they leave the scope and drop nothing', () => {
    const queueing = operatorTable
      .filter(({ scope, why }) => scope === 'leaves' && !why.includes('they drop'))
      .flatMap(({ operator }) => [...operator.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect([...queueingOperators.keys()].sort()).toEqual(queueing.sort());
  });
});
