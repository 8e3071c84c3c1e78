import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A named pipe with its two ends. */
export class Fifo {
  readonly path: string;
  readonly readEnd: number;
  writeEnd: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'rxjs-libevent-'));

  constructor() {
    this.path = join(this.folder, 'fifo');
    execFileSync('mkfifo', [this.path]);
    this.readEnd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writeEnd = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  write(text: string): void {
    writeSync(this.writeEnd, text);
  }

  closeWriteEnd(): void {
    if (this.writeEnd >= 0) closeSync(this.writeEnd);
    this.writeEnd = -1;
  }

  close(): void {
    closeSync(this.readEnd);
    this.closeWriteEnd();
    rmSync(this.folder, { recursive: true });
  }
}
