import { checkFunction, checkInteger, checkString } from '../common/check';
import { type Draws, keyOfText } from './Draws';
import type { Mark } from './Mark';
import type { SimulatedSystem, SimulationHelpers } from './SimulationHelpers';
import { Violation } from './Violation';
import { VirtualBase } from './VirtualBase';
import type { VirtualNetwork } from './VirtualNetwork';
import type { VirtualReactor } from './VirtualReactor';
import { checkBody } from './checkBody';
import { kindOf } from './kindOf';

type Condition = () => boolean;

/** Something drawn from the seed, by the system. */
export interface Drawn {
  readonly least: number;
  readonly value: number;
}

const [DRAWN, RANDOM] = [8, 9];
const WORDS = 2 ** 32;
const MOST_DRAWN = 2 ** 31 - 1;

/** What a system is made with, what it has stated, and what of that has been reached. */
export class SimulationWorld {
  readonly helpers: SimulationHelpers;
  readonly drawn = new Map<string, Drawn>();
  /** What must be reached, in one of all runs. */
  readonly sought = new Map<string, Condition | undefined>();
  readonly reached: Mark<string>[] = [];
  private readonly always = new Map<string, Condition>();
  private readonly atEnd = new Map<string, Condition>();
  private unreached: [string, Condition][] = [];
  private randoms = 0;

  constructor(
    private readonly reactor: VirtualReactor,
    private readonly network: VirtualNetwork,
    private readonly draws: Draws,
    private readonly overrides: ReadonlyMap<string, number>,
  ) {
    this.helpers = {
      base: this.machine('base'),
      machine: (name) => this.machine(checkString('machine: name', name)),
      always: (name, condition) => {
        this.state('always', this.always, name, condition);
      },
      atEnd: (name, condition) => {
        this.state('atEnd', this.atEnd, name, condition);
      },
      sometimes: (name, condition) => {
        this.seek(name, condition);
      },
      reached: (name) => {
        this.reach(name);
      },
      draw: (name, least, most) => this.draw(name, least, most),
      random: () => this.draws.word(RANDOM, (this.randoms += 1)) / WORDS,
      now: () => this.reactor.now(),
    };
  }

  /** It has stated something that is looked at. */
  get states(): boolean {
    return this.always.size + this.atEnd.size + this.sought.size > 0;
  }

  /** It has made listeners or clients. */
  get hasNetwork(): boolean {
    return this.network.madeCount > 0;
  }

  make(system: SimulatedSystem): void {
    checkBody(system(this.helpers), 'a simulated system', (why) => new TypeError(why));
  }

  /** @throws Violation */
  check(): void {
    for (const [name, condition] of this.always) holds('always', name, condition);
    if (this.unreached.length === 0) return;
    this.unreached = this.unreached.filter(([name, condition]) => {
      if (!valueOf('sometimes', name, condition)) return true;
      this.reached.push({ frame: this.reactor.now(), char: undefined, value: name });
      return false;
    });
  }

  /** @throws Violation */
  checkEnd(): void {
    for (const [name, condition] of this.atEnd) holds('atEnd', name, condition);
  }

  private machine(name: string): VirtualBase {
    if (this.network.find(name) !== undefined) {
      throw new TypeError(`machine: there is a '${name}' already, a name is for one`);
    }
    return new VirtualBase(this.reactor, this.network, this.network.add(name));
  }

  private state(
    what: string,
    all: Map<string, Condition>,
    name: string,
    condition: Condition,
  ): void {
    checkString(`${what}: name`, name);
    checkFunction(`${what}('${name}')`, condition);
    if (all.has(name)) {
      throw new TypeError(`${what}: there is a '${name}' already, a name is for one`);
    }
    all.set(name, condition);
  }

  private seek(name: string, condition: Condition | undefined): void {
    checkString('sometimes: name', name);
    if (this.sought.has(name)) {
      throw new TypeError(`sometimes: there is a '${name}' already, a name is for one`);
    }
    this.sought.set(name, condition);
    if (condition === undefined) return;
    checkFunction(`sometimes('${name}')`, condition);
    this.unreached.push([name, condition]);
  }

  private reach(name: string): void {
    if (!this.sought.has(name) || this.sought.get(name) !== undefined) {
      throw new TypeError(`reached: '${name}' is no name that sometimes() has been given alone`);
    }
    this.reached.push({ frame: this.reactor.now(), char: undefined, value: name });
  }

  private draw(name: string, least: number, most: number): number {
    checkString('draw: name', name);
    checkInteger(`draw('${name}'): least`, least, -MOST_DRAWN, MOST_DRAWN, 'anything');
    checkInteger(`draw('${name}'): most`, most, least, MOST_DRAWN, 'anything');
    let key = name;
    for (let count = 2; this.drawn.has(key); count += 1) key = `${name} ${String(count)}`;
    const own = this.draws.between(least, most, DRAWN, keyOfText(key));
    const value = Math.min(Math.max(this.overrides.get(key) ?? own, least), most);
    this.drawn.set(key, { least, value });
    return value;
  }
}

function valueOf(what: string, name: string, condition: Condition): boolean {
  let value: unknown;
  try {
    value = condition();
  } catch (error) {
    throw new Violation(`${what}('${name}') has thrown`, '', error);
  }
  if (typeof value === 'boolean') return value;
  throw new Violation(`${what}('${name}') must return true or false`, `got ${kindOf(value)}`);
}

function holds(what: string, name: string, condition: Condition): void {
  if (!valueOf(what, name, condition)) throw new Violation(`${what}('${name}') does not hold`, '');
}
