import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LibeventError } from './common/LibeventError';

/** What native/ring.h and native/requests.h define: tables of numbers by name. */
const TABLES = {
  submission: [
    'stop',
    'adopt',
    'connect',
    'listen',
    'read',
    'credit',
    'readHigh',
    'write',
    'notify',
    'drain',
    'shutdown',
    'close',
    'timeouts',
    'discard',
    'rateLimit',
    'rateLimitGroup',
    'group',
    'totals',
    'priority',
    'option',
    'pair',
    'sendFile',
    'trigger',
    'tls',
    'tlsInput',
    'tlsContext',
    'timer',
    'signal',
    'fd',
    'activate',
    'interval',
    'loopExit',
    'loopBreak',
    'loop',
  ],
  completion: [
    'data',
    'end',
    'sent',
    'drained',
    'finished',
    'writeFailed',
    'hangup',
    'closed',
    'accepted',
    'bound',
    'connected',
    'failed',
    'timeout',
    'tlsSecured',
    'tlsName',
    'tlsBegun',
    'tlsNews',
    'tlsFailed',
    'optionFailed',
    'released',
    'acceptPaused',
    'acceptResumed',
    'fired',
    'stopped',
    'fatal',
    'looped',
    'total',
  ],
  control: [
    'completionTail',
    'completionHead',
    'submissionTail',
    'submissionHead',
    'jsWantsRoom',
    'reactorSleeps',
    'reactorWantsRoom',
    'jsSleeps',
    'stats',
    'borrowed',
    'controlWords',
  ],
  stat: [
    'passes',
    'sleeps',
    'signals',
    'receives',
    'sends',
    'references',
    'copies',
    'posted',
    'taken',
    'stalls',
    'accepts',
    'receivedBytes',
    'sentBytes',
    'javaScriptTurns',
    'standbyTurns',
    'takeOvers',
    'handBacks',
  ],
  turner: ['thread', 'javaScript', 'either'],
  closeMode: ['drop', 'reset', 'linger'],
  tlsFailure: [
    'tlsHandshake',
    'tlsCertificate',
    'tlsEnded',
    'tlsTimedOut',
    'tlsPlaintext',
    'tlsContextGone',
    'tlsSystem',
    'tlsRecord',
    'tlsTruncated',
    'tlsFlood',
  ],
  tlsFlag: [
    'tlsServer',
    'tlsRequestCertificate',
    'tlsRejectUnauthorized',
    'tlsAskName',
    'tlsGiveBack',
    'tlsKeylog',
  ],
  tlsRequest: [
    'size',
    'flags',
    'context',
    'timeoutMs',
    'receivedBytes',
    'servernameBytes',
    'alpnBytes',
    'sessionBytes',
  ],
  socketOption: ['keepAliveOption', 'noDelayOption'],
  loopEnd: ['stepped', 'exited', 'broken', 'empty'],
  loopFlag: ['once', 'nonblock'],
  timerFlag: ['periodic', 'common'],
  eventFlag: ['timeout', 'read', 'write', 'edge', 'closed'],
  feature: ['et', 'o1', 'fds', 'earlyClose'],
  family: ['unix', 'ipv4', 'ipv6', 'zoned'],
  failedCall: ['socket', 'connect', 'sendfile'],
  listenFlag: [
    'reuseable',
    'reuseablePort',
    'ipv6Only',
    'deferredAccept',
    'keepOnExec',
    'noDelayAccepted',
  ],
  connectFlag: ['noDelay'],
  connectRequest: [
    'size',
    'flags',
    'credit',
    'family',
    'port',
    'remoteBytes',
    'localPort',
    'localBytes',
    'keepAliveSeconds',
  ],
  listenRequest: ['size', 'flags', 'backlog', 'fd', 'family', 'port', 'credit', 'keepAliveSeconds'],
  rateLimitRequest: ['size', 'readRate', 'readBurst', 'writeRate', 'writeBurst', 'tickMs'],
  sendFileRequest: ['size', 'fd', 'bytes', 'offsetLow', 'offsetHigh'],
  memory: [
    'arenaBlocks',
    'arenaBlockBytes',
    'pieces',
    'releaseBit',
    'recordWords',
    'kindBits',
    'slots',
    'slotBits',
  ],
} as const;

type Tables = typeof TABLES;

/** The layout of the shared memory, as the addon exports it. */
type NativeLayout = {
  readonly [Name in keyof Tables]: Readonly<Record<Tables[Name][number], number>>;
};

export type NativeStat = Tables['stat'][number];

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
  /** Which thread turns the base: a number of `layout.turner`. */
  readonly turner: number;
  /** How often a standby looks at a base that JavaScript's thread turns. */
  readonly standbyTickUs: number;
  readonly control: Int32Array;
  readonly completions: Int32Array;
  readonly submissions: Int32Array;
  readonly sent: Int32Array;
  readonly arena: Uint8Array;
  readonly onWakeup: () => void;
}

/** An `event_base` with its thread. Every method belongs to the thread that made it. */
export interface NativeReactor {
  readonly method: string;
  readonly features: number;
  /** A number of `layout.turner`: the thread, where only one can wait for the method. */
  readonly turner: number;
  start(): void;
  wake(): void;
  /** The reactor may read the memory until {@link NativeReactor.takeBack}. */
  lendMemory(piece: number, memory: Uint8Array): void;
  takeBack(piece: number): void;
  setRef(keepsProcessAlive: boolean): void;
  close(): void;
}

export interface NativeModule {
  readonly Reactor: new (options: NativeReactorOptions) => NativeReactor;
  readonly layout: NativeLayout;
  readonly libeventVersion: string;
  /** Whether libevent is inside the addon, rather than the system's. */
  readonly libeventIsInside: boolean;
  supportedMethods(): string[];
  /** There is one callback in an environment; a later one takes its place. */
  onLog(callback: (severity: number, message: string, lost: number) => void): void;
  enableDebugLogging(on: boolean): void;
  /** A duplicate of a descriptor, on its way to the reactor that it is submitted to. */
  duplicateDescriptor(fd: number): number;
  /**
   * The same of a connected stream socket, with its addresses: fd, family, ports, and the words of
   * three records.
   */
  adoptDescriptor(fd: number): readonly number[];
  /** Closes a descriptor on its way that no reactor gets. */
  discardDescriptor(fd: number): void;
  /** 0, or an errno. */
  leaseSignal(signal: number): number;
  releaseSignal(signal: number): void;
  /** Why there is no TLS; undefined where there is. @param version - of Node's OpenSSL */
  whyNoTls(version: string | undefined): string | undefined;
  /**
   * An id for the SSL_CTX in an external of Node's, as long as `owner` lives.
   *
   * @param ticketKeys - 80 bytes, or none for random ones
   * @param logsKeys - whether sessions may be asked for their secrets
   */
  newTlsContext(external: unknown, ticketKeys: Buffer, owner: object, logsKeys: boolean): number;
  /** Names and their values, by turns. */
  takeTlsReport(id: number): readonly (string | Buffer)[];
}

/** The addon: what was built here, or else what came along. This is the only file that loads it. */
export const native = loadAddon(
  ['native/build/Release', `prebuilds/${process.platform}-${process.arch}`].map((folder) =>
    join(__dirname, '..', folder, 'rxjs_libevent.node'),
  ),
);

function loadAddon(files: readonly string[]): NativeModule {
  const file = files.find((path) => existsSync(path));
  try {
    if (file !== undefined) return checked(require(file) as NativeModule);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LibeventError('ERR_ADDON', 'dlopen', {
      detail: `${why}; build it anew with: npm rebuild rxjs-libevent`,
    });
  }
  // npm 12 skips install scripts that the user has not approved, and says so in passing only.
  throw new LibeventError('ERR_ADDON', 'dlopen', {
    detail:
      `the addon of rxjs-libevent has not been built, and none for ${process.platform}-${process.arch} came along: ` +
      'either its install script has not run, or it lacked a compiler and said so. ' +
      'Run: npm install-scripts approve rxjs-libevent && npm rebuild rxjs-libevent',
  });
}

/** Another version of the addon would read numbers that are not there. */
function checked(addon: NativeModule): NativeModule {
  for (const [table, names] of Object.entries(TABLES)) {
    const numbers = addon.layout[table as keyof Tables] as Record<string, unknown> | undefined;
    const missing = names.find((name) => typeof numbers?.[name] !== 'number');
    if (missing !== undefined) throw new Error(`it has no ${table}.${missing}`);
  }
  return addon;
}
