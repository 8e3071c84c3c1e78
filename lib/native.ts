import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LibeventError } from './common/LibeventError';

/** Numbers of one table of the layout, by name. */
type Table<Name extends string> = Readonly<Record<Name, number>>;

/** The layout of the shared memory, defined in `native/ring.h`. */
export interface NativeLayout {
  readonly submission: Table<
    | 'lend'
    | 'stop'
    | 'adopt'
    | 'connect'
    | 'listen'
    | 'read'
    | 'credit'
    | 'readHigh'
    | 'write'
    | 'notify'
    | 'shutdown'
    | 'close'
    | 'timeouts'
    | 'closeFd'
    | 'loopExit'
    | 'loopBreak'
    | 'loop'
    | 'rateLimit'
    | 'rateLimitGroup'
    | 'group'
    | 'totals'
    | 'priority'
    | 'pair'
    | 'sendFile'
    | 'trigger'
    | 'timer'
    | 'signal'
    | 'fd'
    | 'activate'
    | 'interval'
  >;
  readonly completion: Table<
    | 'data'
    | 'end'
    | 'left'
    | 'finished'
    | 'writeFailed'
    | 'hangup'
    | 'closed'
    | 'accepted'
    | 'bound'
    | 'connected'
    | 'failed'
    | 'timeout'
    | 'released'
    | 'acceptPaused'
    | 'acceptResumed'
    | 'stopped'
    | 'fatal'
    | 'looped'
    | 'total'
    | 'fired'
  >;
  readonly control: Table<
    | 'completionTail'
    | 'completionHead'
    | 'submissionTail'
    | 'submissionHead'
    | 'outTail'
    | 'reactorSleeps'
    | 'reactorWantsRoom'
    | 'jsSleeps'
    | 'stats'
    | 'count'
  >;
  readonly stat: Table<NativeStat>;
  readonly closeMode: Table<'drop' | 'reset' | 'linger'>;
  readonly loopEnd: Table<'stepped' | 'exited' | 'broken' | 'empty'>;
  /** `EVLOOP_…` of event2/event.h. */
  readonly loopFlag: Table<'once' | 'nonblock'>;
  readonly timerFlag: Table<'periodic' | 'common'>;
  /** `EV_…` of event2/event.h. */
  readonly eventFlag: Table<'timeout' | 'read' | 'write' | 'edge' | 'closed'>;
  readonly failedCall: Table<string>;
  readonly listenFlag: Table<
    'reuseable' | 'reuseablePort' | 'ipv6Only' | 'deferredAccept' | 'keepOnExec' | 'noDelay'
  >;
  readonly connectFlag: Table<'noDelay'>;
  readonly slots: number;
  readonly slotBits: number;
  readonly pins: number;
}

export type NativeStat =
  | 'passes'
  | 'sleeps'
  | 'signals'
  | 'receives'
  | 'sends'
  | 'references'
  | 'copies'
  | 'posted'
  | 'taken'
  | 'stalls'
  | 'accepts'
  | 'receivedBytes'
  | 'sentBytes';

export interface NativeReactorOptions {
  readonly avoidMethods: readonly string[];
  /** `enum event_method_feature` bits that the method must have. */
  readonly features: number;
  /** Whether `EVENT_*` environment variables may switch methods. */
  readonly readEnvironment: boolean;
  readonly maxDispatchIntervalUs: number;
  readonly maxDispatchCallbacks: number;
  readonly priorities: number;
  readonly dispatch: boolean;
  readonly control: Int32Array;
  readonly completions: Int32Array;
  readonly submissions: Int32Array;
  readonly left: Int32Array;
  readonly outSlab: Uint8Array;
  readonly onWakeup: () => void;
}

/** An `event_base` with its thread. Every method belongs to the thread that made it. */
export interface NativeReactor {
  readonly method: string;
  readonly features: number;
  start(): void;
  wake(): void;
  pin(index: number, view: Uint8Array): void;
  unpin(index: number): void;
  setRef(keepsProcessAlive: boolean): void;
  /** Closes an accepted socket that has not been submitted to any reactor. */
  refuse(fd: number): void;
  close(): void;
}

export interface NativeModule {
  readonly Reactor: new (options: NativeReactorOptions) => NativeReactor;
  readonly layout: NativeLayout;
  readonly libeventVersion: string;
  supportedMethods(): string[];
  /** There is one callback in an environment; a later one takes its place. */
  onLog(callback: (severity: number, message: string, lost: number) => void): void;
  enableDebugLogging(on: boolean): void;
}

/** The addon. This is the only file that loads it. */
export const native = loadAddon(
  join(__dirname, '..', 'native', 'build', 'Release', 'rxjs_libevent.node'),
);

function loadAddon(file: string): NativeModule {
  try {
    return require(file) as NativeModule;
  } catch (error) {
    // npm 12 skips install scripts that the user has not approved, and says so in passing only.
    const detail = existsSync(file)
      ? `${error instanceof Error ? error.message : String(error)}; build it anew with: npm rebuild rxjs-libevent`
      : 'the addon of rxjs-libevent has not been built: its install script has not run. ' +
        'Run: npm install-scripts approve rxjs-libevent && npm rebuild rxjs-libevent';
    throw new LibeventError('ERR_ADDON', 'dlopen', { detail });
  }
}
