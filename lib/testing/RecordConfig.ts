import { type Checked, type OptionTable, checkedOptions, option } from '../common/options';

/** Options of `recordMarbles`. */
export interface RecordConfig {
  /**
   * What of the time is expected when the recording replays. `'order'`: what comes and in which order, since real
   * timers and turns fall on other frames each time. `'frames'`: the frames, too. Default: `'order'`.
   */
  readonly timing?: 'order' | 'frames';
  /** With `'frames'`, how many frames each mark may be off. Default: 0 ms. Bounds: 0 to 60000. */
  readonly withinMs?: number;
}

const OPTIONS = {
  timing: option.oneOf(['order', 'frames']),
  withinMs: option.integer('ms', 0, 60_000, 0),
} satisfies OptionTable<RecordConfig>;

/** {@link RecordConfig}, checked and complete. */
export type RecordOptions = Checked<typeof OPTIONS>;

/** Checks the options and fills in the defaults. */
export function recordOptions(config: RecordConfig): RecordOptions {
  return checkedOptions('config', config, OPTIONS);
}
