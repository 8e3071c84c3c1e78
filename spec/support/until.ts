/** Waits, turn by turn, for what no event reports. */
export function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve();
      else setImmediate(look);
    };
    look();
  });
}
