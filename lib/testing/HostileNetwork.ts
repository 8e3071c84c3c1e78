import { LibeventError } from '../common/LibeventError';
import { type Draws, keyOfText } from './Draws';
import type { FaultPlan } from './FaultPlan';
import { HostileWire, type WireOwner } from './HostileWire';
import type { Machine } from './Machine';
import type { NetworkConditions, Path } from './NetworkConditions';
import type { Peer } from './Peer';
import type { SimulateOptions } from './SimulateConfig';
import type { VirtualAcceptor } from './VirtualAcceptor';
import type { VirtualReactor } from './VirtualReactor';
import type { SegmentKind } from './Wire';

const [LATENCY, BUFFER, SIDE, PARTITION_MS, COALESCE] = [4, 5, 6, 7, 10];
const NOTHING_ELSE: readonly Machine[] = [];

/** Machines that are cut off from all others. */
interface Cut {
  readonly machines: ReadonlySet<Machine>;
  readonly untilMs: number;
}

/** Two ends that have been joined, and what is between them. */
export interface Joint {
  readonly near: Peer;
  readonly far: Peer;
  readonly wires: readonly [HostileWire, HostileWire];
}

/** Notified of what the network does with bytes, beside delivering them. */
export interface NetworkWatch {
  onJoined(joint: Joint): void;
  onDropped(wire: HostileWire, bytes: number, reason: string): void;
  /** Something has happened that a run that is repeated must have as well. */
  onTrace(...numbers: readonly number[]): void;
}

/** The conditions of a simulation: drawn from the seed. */
export class HostileNetwork implements NetworkConditions {
  /** All machines of the run. */
  machines: readonly Machine[] = NOTHING_ELSE;
  private cuts: Cut[] = [];
  private arrivals = 0;

  constructor(
    readonly reactor: VirtualReactor,
    readonly options: SimulateOptions,
    private readonly draws: Draws,
    private readonly plan: FaultPlan,
    private readonly watch: NetworkWatch,
  ) {}

  now(): number {
    return this.reactor.now();
  }

  latency(key: number, count: number): number {
    return this.draws.between(0, this.options.latencyMs, LATENCY, key, count);
  }

  path(from: Machine, to: Machine, name: string, fail: (code: string) => void): Path {
    const { plan, watch } = this;
    let joint: Joint | undefined;
    const isCutUntil = (): number => this.isCutUntil(from, to);
    const owner = (side: 'near' | 'far'): WireOwner => ({
      onReset: () => {
        for (const wire of wires) wire.end();
        for (const end of [joint?.near, joint?.far]) {
          end?.log.onReset();
          end?.link?.fail('ECONNRESET');
        }
      },
      onGivenUp: (code) => {
        fail(code);
        joint?.[side].link?.fail(code);
      },
      onForgotten: (answersReset) => {
        for (const wire of wires) wire.forget(answersReset);
      },
      onDropped: (bytes, reason) => {
        if (bytes > 0) watch.onDropped(wires[side === 'near' ? 0 : 1], bytes, reason);
      },
    });
    const wire = (side: 'near' | 'far', what: string): HostileWire =>
      new HostileWire(this, plan, what, keyOfText(what), isCutUntil, owner(side));
    const wires = [
      wire('near', `${name} to ${to.name}`),
      wire('far', `${to.name} to ${name}`),
    ] as const;
    const key = keyOfText(name);
    return {
      wires,
      bufferBytes: [this.bufferBytes(key, 0), this.bufferBytes(key, 1)],
      coalesce: this.draws.happens(0.5, COALESCE, key),
      onJoined: (near, far) => {
        joint = { near, far, wires };
        watch.onJoined(joint);
      },
    };
  }

  refusal(name: string): LibeventError | undefined {
    const exhausted = this.plan.strike('exhaust', `${name} to connect`, keyOfText(name), 0) > 0;
    return exhausted ? new LibeventError('EMFILE', 'socket') : undefined;
  }

  onArrival(acceptor: VirtualAcceptor, listener: string): boolean {
    this.arrivals += 1;
    const key = keyOfText(listener);
    const { arrivals, plan, options } = this;
    if (plan.strike('dropListener', listener, key, arrivals) > 0) {
      acceptor.fail(new LibeventError('ENETDOWN', 'accept'));
      return false;
    }
    const restMs = plan.strike(
      'exhaust',
      `${listener} to accept`,
      key,
      arrivals,
      options.exhaustMs,
    );
    if (restMs > 0) acceptor.trouble(new LibeventError('EMFILE', 'accept'), restMs);
    return true;
  }

  /** Some machines are cut off: of two groups, neither of which is empty where there are two machines. */
  cut(key: number, count: number): void {
    const { draws, machines, options } = this;
    const cutOff = new Set(
      machines.filter((_machine, index) => draws.happens(0.5, SIDE, key, count, index)),
    );
    const first = machines[draws.between(0, machines.length - 1, SIDE, key, count)];
    if (first !== undefined && (cutOff.size === 0 || cutOff.size === machines.length)) {
      if (cutOff.has(first)) cutOff.delete(first);
      else cutOff.add(first);
    }
    const lastsMs = draws.between(1, options.partitionMs, PARTITION_MS, key, count);
    this.cuts = this.cuts.filter(({ untilMs }) => untilMs > this.now());
    this.cuts.push({ machines: cutOff, untilMs: this.now() + lastsMs });
    this.trace(key, 'window', cutOff.size);
  }

  /** What a repeated run must do as well. */
  trace(key: number, kind: SegmentKind, bytes: number): void {
    this.watch.onTrace(this.now(), key, keyOfText(kind), bytes);
  }

  /** When two machines hear of each other again; a time that is over, if they do. */
  private isCutUntil(from: Machine, to: Machine): number {
    let until = 0;
    for (const { machines, untilMs } of this.cuts) {
      // A machine that is cut off from all others has lost its network: its own connections as well.
      const isCut = machines.has(from) !== machines.has(to) || (from === to && machines.has(from));
      if (isCut) until = Math.max(until, untilMs);
    }
    return until;
  }

  private bufferBytes(key: number, side: number): number {
    const shift = 4 * this.draws.between(0, 3, BUFFER, key, side);
    return Math.max(1, this.options.bufferBytes >>> shift);
  }
}
