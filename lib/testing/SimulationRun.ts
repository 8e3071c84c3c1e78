import { TestScheduler } from 'rxjs/testing';
import { LibeventError } from '../common/LibeventError';
import { useTurns } from '../flow/laterTurn';
import { ByteLedger } from './ByteLedger';
import { Draws } from './Draws';
import { describeError } from './ErrorPattern';
import { type Fault, FaultPlan } from './FaultPlan';
import { HostileNetwork, type Joint, type NetworkWatch } from './HostileNetwork';
import type { HostileWire } from './HostileWire';
import { RealTimeWatch } from './RealTimeWatch';
import type { Rig } from './Rig';
import type { SimulateOptions } from './SimulateConfig';
import type { SimulatedSystem } from './SimulationHelpers';
import { SimulationWorld } from './SimulationWorld';
import { Violation } from './Violation';
import { VirtualNetwork } from './VirtualNetwork';
import { VirtualReactor } from './VirtualReactor';
import { checkAtRest, checkSaturation } from './restLaws';
import { watchSteps } from './watchSteps';

/** What may be different from what the seed says, so that a failure gets smaller. */
export interface RunLimits {
  /** The ids of all faults that may happen. Default: any. */
  readonly faults?: ReadonlySet<string>;
  /** What is drawn instead, by name. */
  readonly draws?: ReadonlyMap<string, number>;
}

/** What a run has found. */
export interface RunFailure {
  /** The same in every run that fails in this way. */
  readonly what: string;
  readonly text: string;
  readonly frame: number;
  readonly cause: unknown;
}

/** The ledgers of both directions of a connection. */
interface Account extends Joint {
  readonly ledgers: readonly [ByteLedger, ByteLedger];
}

/** `durationMs` are over. */
const OVER = new Error('durationMs are over');
/** Of a session: the network's doing, which a session may well end with. */
const OF_NETWORK = /^(E[A-Z]+|ERR_NOT_WRITABLE)$/;

/** One run of a system, with everything that happens in it. */
export class SimulationRun implements NetworkWatch {
  readonly scheduler = new TestScheduler(() => undefined);
  readonly reactor = new VirtualReactor(this.scheduler);
  readonly rig: Rig = {
    ...{ scheduler: this.scheduler, reactor: this.reactor, sessionErrors: 'checked' },
    ...{ peers: [], listeners: [], connectors: [], files: [], checks: [], assert: () => undefined },
  };
  readonly world: SimulationWorld;
  readonly joints: Account[] = [];
  failure: RunFailure | undefined;
  steps = 0;
  /** Bytes that subscribers have had. */
  emittedBytes = 0;
  /** Of everything that has happened: equal for two runs that were the same. */
  digest = 0x811c9dc5;
  private readonly plan: FaultPlan;
  private open: Account[] = [];
  private violation: Violation | undefined;

  constructor(
    readonly seed: bigint,
    private readonly options: SimulateOptions,
    private readonly system: SimulatedSystem,
    limits: RunLimits = {},
  ) {
    const draws = new Draws(seed);
    this.plan = new FaultPlan(draws, options, () => this.reactor.now(), limits.faults);
    const conditions = new HostileNetwork(this.reactor, options, draws, this.plan, this);
    const network = new VirtualNetwork(this.rig, conditions);
    this.world = new SimulationWorld(this.reactor, network, draws, limits.draws ?? new Map());
    conditions.machines = network.machines;
  }

  /** Bytes that were lost, with the reason. */
  get dropped(): [string, number][] {
    return this.joints.flatMap(({ ledgers }) => ledgers.flatMap(({ dropped }) => [...dropped]));
  }

  /** What the network has done. */
  get faults(): readonly Fault[] {
    return this.plan.faults;
  }

  /**
   * Runs it to its end.
   *
   * @returns what has been made that no virtual time comes to
   */
  run(): RealTimeWatch {
    const { scheduler, reactor, world } = this;
    const { random } = Math;
    const restore = useTurns((turn) => {
      scheduler.schedule(turn);
    });
    const realTime = new RealTimeWatch();
    Math.random = world.helpers.random;
    try {
      scheduler.run(({ flush }) => {
        watchSteps(scheduler, (steps, frame) => {
          this.steps = steps;
          this.step(frame);
        });
        try {
          world.make(this.system);
          flush();
          this.checkNow();
          this.checkRest();
        } catch (error) {
          if (error === OVER) this.check(() => world.checkEnd());
          else this.fail(error);
        }
        // What is left of a run that was cut short does not happen.
        scheduler.maxFrames = -1;
      });
    } finally {
      realTime.stop();
      Math.random = random;
      reactor.ended = true;
      restore();
    }
    for (const { ledgers } of this.joints) {
      for (const ledger of ledgers) {
        ledger.close();
        this.emittedBytes += ledger.emittedBytes;
      }
    }
    return realTime;
  }

  onJoined(joint: Joint): void {
    const { near, far, wires } = joint;
    const onViolation = (violation: Violation): void => {
      this.violation ??= violation;
    };
    const there = new ByteLedger(near, far, wires[0], onViolation);
    const back = new ByteLedger(far, near, wires[1], onViolation);
    ByteLedger.watch(there, back);
    const account = { ...joint, ledgers: [there, back] } as const;
    this.joints.push(account);
    this.open.push(account);
  }

  onDropped(wire: HostileWire, bytes: number, reason: string): void {
    const account = this.open.find(({ wires }) => wires.includes(wire));
    if (account === undefined) return;
    account.ledgers[account.wires[0] === wire ? 0 : 1].drop(bytes, reason);
  }

  onTrace(...numbers: readonly number[]): void {
    for (const number of numbers) this.digest = Math.imul(this.digest ^ number, 0x01000193) >>> 0;
  }

  /** A step is about to be done: the one before has left everything as it must be. */
  private step(frame: number): void {
    this.checkNow();
    const { maxSteps, limitMs, durationMs } = this.options;
    if (durationMs > 0 && frame > durationMs) throw OVER;
    if (this.steps <= maxSteps && frame <= limitMs) return;
    const done = `${String(this.steps - 1)} steps have been done and it is ${String(this.reactor.now())} ms`;
    throw new Violation(
      'a system comes to rest',
      `${done}; unsubscribe from what repeats, or give durationMs`,
    );
  }

  private checkNow(): void {
    let ended = 0;
    for (const account of this.open) {
      const { near, far, ledgers } = account;
      for (const ledger of ledgers) ledger.check();
      checkSaturation(near);
      checkSaturation(far);
      if (near.connection?.closed === true && far.connection?.closed === true) ended += 1;
    }
    if (this.violation !== undefined) throw this.violation;
    // Now and then, since what is closed may still have bytes on their way to it.
    if (ended > 8 && ended * 2 > this.open.length) {
      this.open = this.open.filter(
        ({ near, far, wires }) =>
          near.connection?.closed !== true ||
          far.connection?.closed !== true ||
          wires.some(({ isOver }) => !isOver),
      );
    }
    this.world.check();
  }

  private checkRest(): void {
    for (const peer of this.rig.peers) checkAtRest(peer);
    this.world.checkEnd();
    for (const { name, log } of this.rig.peers) {
      for (const { frame, value } of log.sessionErrors) {
        if (value instanceof LibeventError && OF_NETWORK.test(value.code)) continue;
        const where = `${name} at ${String(frame)} ms`;
        throw new Violation('a session fails by the network alone', where, value);
      }
    }
  }

  private check(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    const frame = this.reactor.now();
    if (error instanceof Violation) {
      const { what, message, reason } = error;
      const cause = reason === undefined ? '' : `: ${describeError(reason)}`;
      this.failure = { what, text: message + cause, frame, cause: reason };
      return;
    }
    const { name = 'error', code = '' } = error as { name?: string; code?: string };
    this.failure = {
      what: `nobody has handled ${name} ${code}`,
      text: `an error that nobody has handled: ${String(error)}`,
      frame,
      cause: error,
    };
  }
}
