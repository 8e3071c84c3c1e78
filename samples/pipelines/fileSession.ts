import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { firstValueFrom, lastValueFrom, takeWhile } from 'rxjs';
import { type Connection, concatMapHeld, lines } from 'rxjs-libevent';

const COMMAND = /^(?:get|put (?<bytes>\d{1,15}) (?<sha256>[0-9a-f]{64})) (?<name>\w[\w.-]{0,99})$/;

/**
 * One command: `get NAME` answers `BYTES SHA256` in a line, and the file. `put BYTES SHA256 NAME`, with
 * the file behind it, answers `stored NAME` when all of it is on the disk.
 */
export async function fileSession(conn: Connection, folder: string): Promise<void> {
  const command = await firstValueFrom(conn.pipe(lines({ maxLength: 256 })));
  const { name, bytes, sha256 } = COMMAND.exec(command)?.groups ?? {};
  if (name === undefined) throw new Error(`no command: ${JSON.stringify(command)}`);
  const path = join(folder, name);
  if (bytes === undefined || sha256 === undefined) await send(conn, path);
  else await store(conn, path, Number(bytes), sha256);
}

async function send(conn: Connection, path: string): Promise<void> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  conn.next(`${String(size)} ${hash.digest('hex')}\n`);
  // From the page cache, as fast as the client reads; no byte passes here.
  await lastValueFrom(conn.sendFile(path), { defaultValue: 0 });
}

async function store(conn: Connection, path: string, bytes: number, sha256: string): Promise<void> {
  const part = `${path}.${String(conn.remoteAddress.port)}.part`;
  const file = await open(part, 'w');
  try {
    const hash = createHash('sha256');
    let missing = bytes;
    const write = async (chunk: Buffer): Promise<void> => {
      hash.update(chunk);
      await file.writeFile(chunk);
      missing -= chunk.length;
    };
    // The client is held while the disk works.
    const written = conn.pipe(
      concatMapHeld(write),
      takeWhile(() => missing > 0),
    );
    if (missing > 0) await lastValueFrom(written, { defaultValue: undefined });
    if (missing !== 0 || hash.digest('hex') !== sha256) throw new Error(`${path} has come broken`);
    await file.sync();
    await rename(part, path);
  } finally {
    await file.close();
    await rm(part, { force: true });
  }
  conn.next(`stored ${basename(path)}\n`);
}
