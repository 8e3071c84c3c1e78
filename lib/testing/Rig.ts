import type { TestScheduler } from 'rxjs/testing';
import type { ConnectorScript } from './ConnectorScript';
import type { ListenerScript } from './ListenerScript';
import { MarbleError } from './MarbleError';
import type { Peer } from './Peer';
import type { ScriptedFile } from './ScriptedFile';
import type { VirtualReactor } from './VirtualReactor';

/** What belongs to one run of `marbles`. */
export interface Rig {
  readonly scheduler: TestScheduler;
  readonly reactor: VirtualReactor;
  /** Every connection of the test, in the order of their making. */
  readonly peers: Peer[];
  readonly listeners: ListenerScript[];
  readonly connectors: ConnectorScript[];
  readonly files: ScriptedFile[];
  /** Looks at what was expected, when virtual time has ended. */
  readonly checks: (() => void)[];
  /** What becomes of a session's error that no `onError` took: the test fails, or the process warns. */
  readonly sessionErrors: 'checked' | 'warned';
  /** The test's own assertion function. */
  readonly assert: (actual: unknown, expected: unknown) => void;
}

/** What a test says once it has ended would never be looked at. */
export function checkRunning({ reactor }: Rig, what: string): void {
  if (reactor.ended)
    throw new MarbleError(`${what}: this test has ended, nothing is looked at any more`);
}
