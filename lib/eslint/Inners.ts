import type { TSESTree } from '@typescript-eslint/utils';
import type { Type } from 'typescript';
import { type Bindings, returnsOf } from './Bindings';
import { isPipe, type Pipelines, sourceOf } from './Pipelines';
import { queueingOperators } from './queueingOperators';
import type { Types } from './Types';

/** When an inner has emitted and completed: while the outer value passes, or later. */
export type Timing = 'at once' | 'later' | 'unknown';

const AT_ONCE = ['generate', 'of', 'range', 'throwError'];
const LATER = [
  ...['ajax', 'animationFrames', 'bindCallback', 'bindNodeCallback', 'fromEvent'],
  ...['fromEventPattern', 'fromFetch', 'interval', 'timer', 'webSocket'],
];
const JOINING = ['combineLatest', 'concat', 'forkJoin', 'iif', 'merge', 'race', 'zip'];
/** Operators that emit by a clock, beside those that queue. */
const LATER_OPERATORS = [
  ...['audit', 'auditTime', 'debounce', 'debounceTime', 'sample', 'sampleTime', 'subscribeOn'],
  ...['bufferTime', 'delay', 'observeOn', 'windowTime'],
];
const FLATTENING = ['exhaustMap', 'switchMap'];

/** Whether the inners of an operator take time, as far as types and the file say. */
export class Inners {
  constructor(
    private readonly types: Types,
    private readonly bindings: Bindings,
    private readonly pipelines: Pipelines,
  ) {}

  /** Of what a function makes of values, or of the Observable itself where one is given. */
  timingOfProject(project: TSESTree.Node): Timing {
    const type = this.types.of(project);
    const returned = this.types.returnedBy(type);
    if (returned.length === 0) return this.timingOf(project);
    const byType = worst(returned.map((one) => this.timingOfType(one)));
    const written = this.bindings.functionOf(project);
    if (byType !== 'unknown' || written === undefined) return byType;
    return worst(returnsOf(written).map((inner) => this.timingOf(inner)));
  }

  /** Promises, iterators and streams take time, lists do not; of an Observable its type does not say. */
  timingOfType(type: Type): Timing {
    if (this.types.isOpen(type)) return 'at once';
    return worst(
      this.types.partsOf(type).map((part) => {
        if (this.types.isConnection(part)) return 'later';
        if (this.types.isObservable(part)) return this.timingOfObservable(part);
        return takesTime(part) ? 'later' : 'at once';
      }),
    );
  }

  private timingOfObservable(type: Type): Timing {
    if (type.getSymbol()?.name === 'GroupedObservable') return 'at once';
    const value = this.types.argumentOf(type);
    return value !== undefined && this.types.isNever(value) ? 'at once' : 'unknown';
  }

  private timingOf(node: TSESTree.Node): Timing {
    const value = this.bindings.valueOf(node);
    if (value.type === 'ConditionalExpression') {
      return worst([this.timingOf(value.consequent), this.timingOf(value.alternate)]);
    }
    // What takes time inside a part is reported there.
    if (this.pipelines.isPart(value)) return 'at once';
    if (value.type === 'CallExpression' && this.types.isObservable(this.types.of(value))) {
      return this.timingOfCall(value);
    }
    return this.timingOfType(this.types.of(value));
  }

  private timingOfCall(call: TSESTree.CallExpression): Timing {
    if (isPipe(call)) return this.timingOfPipe(call);
    const name = this.types.rxjsName(call) ?? '';
    const [first] = call.arguments;
    if (AT_ONCE.includes(name)) return 'at once';
    if (LATER.includes(name)) return 'later';
    if (name === 'from' && first) return this.timingOf(first);
    if (name === 'defer' && first) return this.timingOfProject(first);
    if (JOINING.includes(name)) return worst(this.sourcesOf(call));
    return this.timingOfType(this.types.of(call));
  }

  /** `iif` has a condition in front of its sources. */
  private sourcesOf(call: TSESTree.CallExpression): readonly Timing[] {
    return call.arguments
      .flatMap((one) => (one.type === 'ArrayExpression' ? one.elements : [one]))
      .filter((one) => one !== null)
      .filter((one) => this.types.returnedBy(this.types.of(one)).length === 0)
      .map((one) => this.timingOf(one));
  }

  private timingOfPipe(pipe: TSESTree.CallExpression): Timing {
    const isOurs = (operator: TSESTree.CallExpression): boolean =>
      this.types.rxjsName(operator) !== undefined || this.types.libraryName(operator) !== undefined;
    const stages = this.pipelines.stagesOf(pipe);
    return worst([
      this.timingOf(sourceOf(pipe)),
      ...stages.map(({ operator }) => {
        const name = this.types.rxjsName(operator) ?? '';
        if (LATER_OPERATORS.includes(name)) return 'later';
        const [project] = operator.arguments;
        const flattens =
          FLATTENING.includes(name) ||
          queueingOperators.get(name)?.queues === 'while inners work' ||
          (this.types.libraryName(operator) ?? '').endsWith('MapHeld');
        if (flattens) return project === undefined ? 'unknown' : this.timingOfProject(project);
        return isOurs(operator) ? 'at once' : 'unknown';
      }),
    ]);
  }
}

/** A promise, an asynchronous iterator, a Web stream. */
function takesTime(type: Type): boolean {
  return type
    .getProperties()
    .some(({ name }) => /^(then|getReader|__@asyncIterator.*)$/.test(name));
}

function worst(timings: readonly Timing[]): Timing {
  if (timings.includes('later')) return 'later';
  return timings.includes('unknown') ? 'unknown' : 'at once';
}
