import type { TSESTree } from '@typescript-eslint/utils';
import { type Bindings, returnsOf } from './Bindings';
import type { Types } from './Types';

/**
 * What passes at a place of a pipeline that begins at a connection: any number of values, or few enough that
 * a queue of them does not matter. Undefined where it does not begin at a connection.
 */
export type Flow = 'many' | 'few' | undefined;

/** An operator of a pipeline, with what comes to it. */
export interface Stage {
  readonly operator: TSESTree.CallExpression;
  readonly flow: Flow;
  /** The Observables that come to it are parts of the pipeline: groups or windows. */
  readonly parts: boolean;
}

/** Functions of this library that give a source which can be held, as a connection can. */
const HELD_SOURCES = ['fromReadable', 'holdable'];

/** Functions of RxJS that emit what several sources do. */
const JOINING = ['combineLatest', 'concat', 'from', 'merge', 'race', 'zip'];
const JOINING_OPERATORS = ['concatWith', 'mergeWith', 'startWith'];

/** Operators behind which only a few values come, of however many. */
const FEW = [
  ...['count', 'elementAt', 'every', 'find', 'findIndex', 'first', 'ignoreElements', 'isEmpty'],
  ...['last', 'max', 'min', 'reduce', 'single', 'take', 'takeLast', 'toArray'],
];
/** Operators that begin their source anew. */
const AGAIN = ['repeat', 'repeatWhen'];
const FLATTENING = ['concatMap', 'exhaustMap', 'mergeMap', 'switchMap'];

/** Operators that emit parts of what comes as Observables. */
const DIVIDING = ['groupBy', 'window', 'windowCount', 'windowTime', 'windowToggle', 'windowWhen'];
/** Operators whose function is given the source itself. */
const SHARING = ['connect', 'publish', 'publishReplay', 'multicast'];

/** Which expressions are pipelines that begin at a connection. */
export class Pipelines {
  private readonly known = new Map<TSESTree.Node, Flow>();

  constructor(
    private readonly types: Types,
    private readonly bindings: Bindings,
  ) {}

  /** What an expression emits. */
  flowOf(node: TSESTree.Node): Flow {
    const value = this.bindings.valueOf(node);
    if (this.known.has(value)) return this.known.get(value);
    // A name that stands for itself ends here.
    this.known.set(value, undefined);
    const flow = this.types.isConnection(this.types.of(value)) ? 'many' : this.examine(value);
    this.known.set(value, flow);
    return flow;
  }

  /** The operators of a call of `pipe`, from the first to the last. */
  stagesOf(pipe: TSESTree.CallExpression): readonly Stage[] {
    const source = sourceOf(pipe);
    const stages: Stage[] = [];
    let flow = this.flowOf(source);
    let parts = this.emitsParts(source);
    for (const operator of this.operatorsOf(pipe.arguments)) {
      stages.push({ operator, flow, parts });
      flow = this.after(operator, flow);
      parts = this.partsAfter(operator, parts);
    }
    return stages;
  }

  /** Whether an expression begins at a part of the pipeline in which its function stands: a group, a window. */
  isPart(node: TSESTree.Node): boolean {
    const value = this.bindings.valueOf(node);
    if (value.type === 'CallExpression' && isPipe(value)) return this.isPart(sourceOf(value));
    return this.flowOfParameter(value) !== undefined;
  }

  private examine(value: TSESTree.Node): Flow {
    switch (value.type) {
      case 'CallExpression':
        return this.flowOfCall(value);
      case 'Identifier':
        return this.flowOfParameter(value);
      case 'ConditionalExpression':
        return this.flowOf(value.consequent) ?? this.flowOf(value.alternate);
      case 'LogicalExpression':
        return this.flowOf(value.left) ?? this.flowOf(value.right);
      default:
        return undefined;
    }
  }

  private flowOfCall(call: TSESTree.CallExpression): Flow {
    if (isPipe(call)) {
      const last = this.stagesOf(call).at(-1);
      return last === undefined ? undefined : this.after(last.operator, last.flow);
    }
    if (HELD_SOURCES.includes(this.types.libraryName(call) ?? '')) return 'many';
    return JOINING.includes(this.types.rxjsName(call) ?? '') ? this.flowOfAny(call) : undefined;
  }

  private flowOfAny({ arguments: given }: TSESTree.CallExpression): Flow {
    return given
      .flatMap((one) => (one.type === 'ArrayExpression' ? one.elements : [one]))
      .filter((one) => one !== null)
      .map((one) => this.flowOf(one))
      .find((flow) => flow !== undefined);
  }

  private flowOfParameter(node: TSESTree.Node): Flow {
    if (node.type !== 'Identifier' || !this.types.isObservable(this.types.of(node)))
      return undefined;
    const written = this.bindings.functionOfParameter(node);
    const operator = written?.parent;
    if (operator?.type !== 'CallExpression') return undefined;
    const pipe = operator.parent;
    if (pipe.type !== 'CallExpression' || !isPipe(pipe)) return undefined;
    const stage = this.stagesOf(pipe).find((one) => one.operator === operator);
    if (stage === undefined) return undefined;
    const isSource = SHARING.includes(this.types.rxjsName(operator) ?? '');
    return stage.parts || isSource ? stage.flow : undefined;
  }

  /** Also those that stand in an inner `pipe()`, or behind a name. */
  private operatorsOf(given: readonly TSESTree.Node[]): readonly TSESTree.CallExpression[] {
    return given
      .map((one) => this.bindings.valueOf(one))
      .filter((one) => one.type === 'CallExpression')
      .flatMap((one) =>
        this.types.rxjsName(one) === 'pipe' ? this.operatorsOf(one.arguments) : [one],
      );
  }

  private after(operator: TSESTree.CallExpression, flow: Flow): Flow {
    const name = this.types.rxjsName(operator) ?? '';
    if (flow === undefined) return undefined;
    if (FEW.includes(name)) return 'few';
    if (AGAIN.includes(name)) return 'many';
    if (JOINING_OPERATORS.includes(name)) return this.flowOfAny(operator) ?? flow;
    if (flow === 'few' && FLATTENING.includes(name)) return this.flowOfInner(operator) ?? flow;
    return flow;
  }

  private flowOfInner({ arguments: [project] }: TSESTree.CallExpression): Flow {
    const written = project && this.bindings.functionOf(project);
    if (written === undefined) return undefined;
    return returnsOf(written)
      .map((inner) => this.flowOf(inner))
      .find((flow) => flow !== undefined);
  }

  private emitsParts(source: TSESTree.Node): boolean {
    const value = this.bindings.valueOf(source);
    if (value.type !== 'CallExpression' || !isPipe(value)) return false;
    const last = this.stagesOf(value).at(-1);
    return last !== undefined && this.partsAfter(last.operator, last.parts);
  }

  /** Groups and windows pass through operators that only choose among them. */
  private partsAfter(operator: TSESTree.CallExpression, parts: boolean): boolean {
    const name = this.types.rxjsName(operator) ?? '';
    return DIVIDING.includes(name) || (parts && ['filter', 'skip', 'take', 'tap'].includes(name));
  }
}

/** What a call of `pipe` is a call of. */
export function sourceOf({ callee }: TSESTree.CallExpression): TSESTree.Node {
  return (callee as TSESTree.MemberExpression).object;
}

/** A call of an Observable's `pipe`. */
export function isPipe({ callee }: TSESTree.CallExpression): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === 'pipe'
  );
}
