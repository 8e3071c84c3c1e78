/** Waits, turn by turn, for what no event tells. */
export function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve();
      else setImmediate(look);
    };
    look();
  });
}
