import { open, type FileHandle } from 'node:fs/promises';
import { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { checkInteger, checkObject, checkString } from '../common/check';
import type { Output } from './Output';
import type { SocketTransport } from './Transport';

/** Which part of a file to send. */
export interface SendFileConfig {
  /** The first byte. Default: 0. */
  readonly start?: number;
  /** The last byte, inclusive as in `fs.createReadStream`. Default: the file's last. */
  readonly end?: number;
}

/** Sent in slices: progress is told after each, and so many are under way at a time. */
const SLICE_BYTES = 4 * 1024 * 1024;
const SLICES_UNDER_WAY = 2;

/**
 * The work behind `connection.sendFile`: opens the file, puts it into the output slice by slice,
 * tells how much has left.
 */
export function sendFile(
  output: Output,
  transport: SocketTransport,
  path: string,
  config: SendFileConfig,
): Observable<number> {
  checkString('path', path);
  checkObject('config', config);
  const start = checkInteger('start', config.start ?? 0, 0, Number.MAX_SAFE_INTEGER, 'bytes');
  const last = config.end ?? Number.MAX_SAFE_INTEGER - 1;
  const end = checkInteger('end', last, start, Number.MAX_SAFE_INTEGER - 1, 'bytes') + 1;

  return new Observable<number>((subscriber) => {
    const send = async (): Promise<void> => {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        if (subscriber.closed) return;
        if (!output.beginFile()) {
          const detail = 'the connection is closing, or is sending another file';
          throw new LibeventError('ERR_NOT_WRITABLE', 'sendfile', { detail });
        }
        try {
          await sendSlices(file, Math.min(end, size));
        } finally {
          output.endFile();
        }
      } finally {
        await file.close();
      }
    };

    const sendSlices = async (file: FileHandle, stop: number): Promise<void> => {
      const underWay: Promise<void>[] = [];
      for (let offset = start; offset < stop && !subscriber.closed; offset += SLICE_BYTES) {
        const bytes = Math.min(SLICE_BYTES, stop - offset);
        output.writeFile(transport, file.fd, offset, bytes);
        const sent = offset + bytes - start;
        const left = whenLeft().then(() => {
          subscriber.next(sent);
        });
        underWay.push(left);
        // Handled here and again below: whichever comes first tells.
        left.catch(() => undefined);
        if (underWay.length >= SLICES_UNDER_WAY) await underWay.shift();
      }
      await Promise.all(underWay);
    };

    const whenLeft = (): Promise<void> =>
      new Promise((resolve, reject) => {
        output.whenLeft((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });

    send().then(
      () => {
        subscriber.complete();
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
  });
}
