import type { ObservableInput } from 'rxjs';

/** A regular file that has been opened to be sent. */
export interface OpenFile {
  /** 0 where it says none, as those of /proc: what they hold is made while they are read. */
  readonly sizeBytes: number;
  /** Submits a part of it as output. Undefined where its bytes have to be read and written. */
  readonly send: ((offset: number, bytes: number) => void) | undefined;
  /** @returns how many bytes it has read, 0 behind the last one */
  read(into: Buffer, bytes: number, offset: number): ObservableInput<number>;
  /** What has been submitted is still sent. */
  close(): ObservableInput<void>;
}
