import { firstValueFrom } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
import { bytesOf } from '../support/bytesOf.cjs';
import { pattern } from '../support/pattern.cjs';
import { record } from '../support/record';
import { Meeting } from './support/Meeting';

const CHUNK_BYTES = 65536;

describe('Connection, of a base that JavaScript turns', () => {
  let meeting: Meeting;

  beforeEach(async () => {
    meeting = await Meeting.open({}, { threads: 0 });
  });

  afterEach(async () => {
    await meeting.close();
  });

  function writeChunks(connection: Connection, most: number): Buffer {
    let count = 0;
    while (count < most && !connection.saturated) {
      connection.next(pattern(CHUNK_BYTES, count * CHUNK_BYTES));
      count += 1;
    }
    return pattern(count * CHUNK_BYTES);
  }

  it('F3: sends within the call what would saturate it and the system takes', async () => {
    const { connection, peer } = await meeting.meet();
    const drained = record(connection.drained);
    const written = writeChunks(connection, 8);
    expect([connection.outputBytes, connection.saturated]).toEqual([0, false]);
    expect(await bytesOf(peer, written.length)).toEqual(written);
    expect(drained.values).toEqual([]);
  });

  it('gives others a turn, however fast the system takes it', async () => {
    const { connection, peer } = await meeting.meet();
    for (let round = 0; round < 3; round += 1) {
      const drained = firstValueFrom(connection.drained);
      const written = writeChunks(connection, 100);
      // Saturated behind the first MiB, though the system would take more.
      expect(written.length).toBeLessThan(20 * CHUNK_BYTES);
      expect((await bytesOf(peer, written.length)).equals(written)).toBe(true);
      await drained;
    }
  });
});
