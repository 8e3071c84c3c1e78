import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults } from '../support/Faults';

describe('leases: a file that is sent', () => {
  const faults = new Faults();
  const folder = mkdtempSync(join(tmpdir(), 'files-'));
  const file = join(folder, 'file');
  const other = join(folder, 'other');
  writeFileSync(file, Buffer.alloc(3 << 20, 'a'));
  writeFileSync(other, Buffer.alloc(3 << 20, 'X'));

  afterAll(() => {
    faults.remove();
    rmSync(folder, { recursive: true });
  });

  /** Ways in which JavaScript is done with a file before the reactor is. */
  const ends: [name: string, end: string][] = [
    ['the output exceeds its bound', 'conn.next(Buffer.alloc(17 << 20))'],
    ['a value closes it that finds it saturated', "conn.send('x', 'close')"],
    ['the connection is destroyed', 'conn.destroy()'],
  ];

  it.each(ends)('stays open until the reactor has released it, when %s', async (_name, end) => {
    const ended = await faults.run(
      `const { open } = require('node:fs/promises');
      const { go, hold, isHeld, nextTurn } = require('./spec/support/faults.cjs');
      const { World, bytesOf, report } = require('./spec/support/world.cjs');
      const main = async () => {
        const world = await World.open();
        const { conn, peer } = await world.pair();
        conn.events.subscribe();
        // The reactor has the file, and is about to send it.
        hold('sendfile');
        const sending = conn.sendFile(${JSON.stringify(file)}).subscribe({ error: () => {} });
        while (!isHeld('sendfile')) await nextTurn();
        ${end};
        // What the end leads to in JavaScript has happened; the pool has one thread, so a file that is
        // closed is closed before these are opened.
        for (let turn = 0; turn < 3; turn += 1) await nextTurn();
        const others = [];
        for (let count = 0; count < 20; count += 1) others.push(await open(${JSON.stringify(other)}));
        const held = isHeld('sendfile');
        go('sendfile');
        const received = await bytesOf(peer, 3 << 20);
        report({ held, foreign: received.filter((byte) => byte !== 0x61).length });
        await Promise.all(others.map((one) => one.close()));
        await world.close();
      };
      main();`,
      { env: { UV_THREADPOOL_SIZE: '1' } },
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual({ held: true, foreign: 0 });
  });

  it('is closed once it has been released, however it ended', async () => {
    const ended = await faults.run(
      `const { readdirSync, readlinkSync } = require('node:fs');
      const { lastValueFrom } = require('rxjs');
      const { World, nextTurn, report } = require('./spec/support/world.cjs');
      const open = () => readdirSync('/proc/self/fd').filter((fd) => {
        try { return readlinkSync('/proc/self/fd/' + fd) === ${JSON.stringify(file)}; }
        catch { return false; }
      }).length;
      const main = async () => {
        const world = await World.open();
        const whole = await world.pair();
        whole.peer.resume();
        await lastValueFrom(whole.conn.sendFile(${JSON.stringify(file)}));
        for (const end of [(conn) => conn.destroy(), (conn) => conn.reset()]) {
          const { conn } = await world.slowPair();
          conn.sendFile(${JSON.stringify(file)}).subscribe({ error: () => {} });
          while (open() === 0) await nextTurn();
          end(conn);
        }
        while (open() > 0) await nextTurn();
        report('closed');
        await world.close();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '', stdout: '"closed"\n' });
  });
});
