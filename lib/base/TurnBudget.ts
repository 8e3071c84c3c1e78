/** Twice what one turn of the base receives at most. */
const TURN_BYTES = 1 << 20;

/** What may be sent within calls before it is the turn of others, however fast the peers take it. */
export class TurnBudget {
  private bytes = 0;

  get isSpent(): boolean {
    return this.bytes >= TURN_BYTES;
  }

  begin(): void {
    this.bytes = 0;
  }

  spend(bytes: number): void {
    this.bytes += bytes;
    if (!this.isSpent) return;
    // Nothing has to happen that would begin a turn.
    setImmediate(() => {
      this.begin();
    });
  }
}
