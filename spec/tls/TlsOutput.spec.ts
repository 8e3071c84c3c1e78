import { LibeventError } from '../../lib/common/LibeventError';
import { TlsOutput, type TlsOutputOwner } from '../../lib/connection/TlsOutput';

const reset = new LibeventError('ECONNRESET', 'write');

/** Its session, by hand; what it reports is noted. */
function opened() {
  const log: string[] = [];
  const flights: (() => void)[] = [];
  const owner: TlsOutputOwner = {
    plainSent: 0,
    sendPiece: (piece, sent) => {
      log.push(`piece:${String(piece.length)}`);
      flights.push(sent);
    },
    sendNotify: () => log.push('close_notify'),
    onPosition: () => log.push('position'),
    onLowMark: () => log.push('low'),
    onOutputEnded: () => log.push('ended'),
    onOutputFailed: ({ code }) => log.push(code),
  };
  const output = new TlsOutput(0, owner);
  const arrive = (): void => {
    flights.shift()?.();
  };
  return { output, log, arrive };
}

const laterTurn = () => new Promise(setImmediate);

describe('TlsOutput', () => {
  it('sends close_notify once, behind all that was written, and behind the handshake', () => {
    const { output, log, arrive } = opened();
    output.add(Buffer.alloc(10));
    output.finish();
    output.finish();
    expect(log).toEqual([]);
    output.open();
    expect(log).toEqual(['piece:10']);
    arrive();
    expect(log).toEqual(['piece:10', 'close_notify']);
    expect(output.ended).toBe(false);
    output.notified();
    expect([output.ended, log.at(-1)]).toEqual([true, 'ended']);
  });

  it('sends nothing but close_notify to a peer that is refused', () => {
    const { output, log } = opened();
    output.add(Buffer.alloc(10));
    output.refuse();
    output.finish();
    expect(log).toEqual(['close_notify']);
  });

  it('fails at once where output is lost, or close_notify', () => {
    const written = opened();
    written.output.open();
    written.output.add(Buffer.alloc(10));
    written.output.fail(reset);
    written.output.fail(reset);
    expect(written.log).toEqual(['piece:10', 'ECONNRESET']);
    const ending = opened();
    ending.output.open();
    ending.output.finish();
    ending.output.fail(reset);
    expect(ending.log).toEqual(['close_notify', 'ECONNRESET']);
  });

  it('does not fail where a ticket alone is lost', async () => {
    const { output, log } = opened();
    output.open();
    output.fail(reset);
    await laterTurn();
    expect([log, output.failed]).toEqual([[], true]);
  });

  it.each([
    ['written', (output: TlsOutput) => output.add(Buffer.alloc(1))],
    ['ended', (output: TlsOutput) => output.finish()],
  ])('fails in a later turn, and sends nothing, when it is %s afterwards', async (_, use) => {
    const { output, log } = opened();
    output.open();
    output.fail(reset);
    use(output);
    expect(log).toEqual([]);
    await laterTurn();
    expect(log).toEqual(['ECONNRESET']);
  });

  it('does not fail once close_notify has been sent', async () => {
    const { output, log } = opened();
    output.open();
    output.finish();
    output.notified();
    output.fail(reset);
    await laterTurn();
    expect(log).toEqual(['close_notify', 'ended']);
  });

  it('reports nothing once it has been stopped', async () => {
    const { output, log } = opened();
    output.open();
    output.add(Buffer.alloc(10));
    output.stop();
    output.fail(reset);
    await laterTurn();
    expect(log).toEqual(['piece:10']);
  });
});
