import type { Holdable } from './Holdable';
import type { Release } from './Release';

/** The sources that an operator holds, each of them once. */
export class HoldSet {
  private readonly releases = new Map<Holdable, Release>();

  /** @param cause - what `connection.heldBy` names */
  constructor(private readonly cause: unknown) {}

  hold(source: Holdable | undefined): void {
    if (source === undefined || this.releases.has(source)) return;
    this.releases.set(source, source.hold(this.cause));
  }

  releaseAll(): void {
    if (this.releases.size === 0) return;
    const releases = [...this.releases.values()];
    this.releases.clear();
    for (const release of releases) release();
  }
}
