import { LibeventError } from '../../lib/common/LibeventError';
import { TlsInput } from '../../lib/connection/TlsInput';

const reset = new LibeventError('ECONNRESET', 'read');

/** An input, and what it reports. */
function opened(high = 4) {
  const log: string[] = [];
  const input = new TlsInput(high, {
    onInput: (chunk) => log.push(String(chunk)),
    onInputEnd: (error) => log.push(error?.code ?? 'end'),
    onInputHangup: (error) => log.push(`hangup:${error?.code ?? 'end'}`),
    onDemand: () => undefined,
  });
  return { input, log };
}

const laterTurn = () => new Promise(setImmediate);

describe('TlsInput', () => {
  it('passes what there is credit for, and its end behind the last byte', async () => {
    const { input, log } = opened();
    input.read(true);
    input.add(Buffer.from('abcdef'));
    input.end(undefined);
    expect(log).toEqual(['abcd']);
    input.credit(4);
    await laterTurn();
    expect(log).toEqual(['abcd', 'ef', 'end']);
  });

  it('ends once, by what has ended it first', async () => {
    const { input, log } = opened();
    input.end(undefined);
    input.end(reset);
    await laterTurn();
    expect([log, input.ended, input.cut]).toEqual([['end'], true, false]);
  });

  it('is cut where it has ended by an error', () => {
    const { input } = opened();
    input.end(reset);
    expect(input.cut).toBe(true);
  });

  it('F12: reports a peer that has ended once, while bytes of it wait, and an RST behind that', () => {
    const { input, log } = opened();
    input.add(Buffer.from('waits'));
    input.end(undefined);
    for (const error of [undefined, undefined, reset, reset]) input.hangUp(error);
    expect(log).toEqual(['hangup:end', 'hangup:ECONNRESET']);
  });

  it('F12: receives on to find out whether bytes are in front of the end', () => {
    const { input, log } = opened();
    expect(input.demands).toBe(false);
    input.hangUp(undefined);
    expect([input.demands, log]).toEqual([true, []]);
    input.add(Buffer.from('waits'));
    expect([input.demands, log]).toEqual([false, ['hangup:end']]);
  });

  it('F12: reports no hangup where nothing is in front of the end', () => {
    const { input, log } = opened();
    input.hangUp(undefined);
    input.end(undefined);
    input.hangUp(undefined);
    input.hangUp(reset);
    expect([input.demands, log]).toEqual([false, ['end']]);
  });

  it('reports nothing once it has been stopped, and demands nothing', async () => {
    const { input, log } = opened();
    input.read(true);
    input.stop();
    input.add(Buffer.from('late'));
    input.hangUp(undefined);
    input.end(reset);
    await laterTurn();
    expect([input.demands, log]).toEqual([false, []]);
  });
});
