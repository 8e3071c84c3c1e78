import type { RecordOptions } from './RecordConfig';
import type { RecordedLog } from './RecordedLog';
import { RecordingText } from './RecordingText';

/** The session of a connection, as `recordMarbles` sees it. */
export class MarbleRecording {
  /** @internal Comes from `recordMarbles`. */
  constructor(
    private readonly log: RecordedLog,
    private readonly options: RecordOptions,
  ) {}

  /** The session so far, as the text of a test. */
  toString(): string {
    return new RecordingText([this.log], this.options).ofConnection();
  }
}
