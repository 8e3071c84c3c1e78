import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PIECE_BYTES = 1 << 20;
const folders: string[] = [];

/** A file of random bytes. */
export async function fileOf(bytes: number): Promise<{ path: string; sha256: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'rxjs-libevent-file-'));
  folders.push(folder);
  const path = join(folder, 'bytes');
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  for (let rest = bytes; rest > 0; rest -= PIECE_BYTES) {
    const piece = randomFillSync(Buffer.allocUnsafe(Math.min(rest, PIECE_BYTES)));
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return { path, sha256: hash.digest('hex') };
}

export function removeFiles(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
