import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on stderr; on what is no terminal, nothing. */
export function createProgress(total) {
  const bar = new SingleBar(
    {
      format: '{bar} {value}/{total} | {eta_formatted} left | {what}',
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { what: '' });
  return {
    now: (what) => bar.update({ what }),
    done: () => bar.increment(),
    stop: () => bar.stop(),
  };
}
