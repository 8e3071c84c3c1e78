import type {
  ParserServicesWithTypeInformation,
  TSESLint,
  TSESTree,
} from '@typescript-eslint/utils';
import { Bindings } from './Bindings';
import { Inners } from './Inners';
import type { NoUnboundedQueueOptions } from './NoUnboundedQueueOptions';
import { isPipe, Pipelines, type Stage } from './Pipelines';
import { queueingOperators, type Queues } from './queueingOperators';
import { heldFormOf, replaceBy } from './suggestHeld';
import { Types } from './Types';

type Messages = 'queues' | 'useHeld';
type Options = [NoUnboundedQueueOptions?];

/** The rule `rxjs-libevent/no-unbounded-queue`. */
export const noUnboundedQueue: TSESLint.RuleModule<Messages, Options> = {
  meta: {
    defaultOptions: [],
    type: 'problem',
    docs: {
      description: 'Disallow operators that queue without bound behind a connection',
    },
    hasSuggestions: true,
    messages: {
      queues:
        '`{{name}}` queues what a connection sends, without bound: no hold reaches the connection through it. {{instead}}',
      useHeld: 'Put `{{held}}` in its place, which holds the connection.',
    },
    schema: [
      {
        type: 'object',
        additionalProperties: false,
        properties: { unknownInners: { type: 'string', enum: ['report', 'allow'] } },
      },
    ],
  },
  create(context) {
    const { sourceCode } = context;
    const types = new Types(servicesOf(sourceCode));
    const bindings = new Bindings(sourceCode);
    const pipelines = new Pipelines(types, bindings);
    const inners = new Inners(types, bindings, pipelines);
    const allowed =
      context.options[0]?.unknownInners === 'allow' ? ['at once', 'unknown'] : ['at once'];
    // An operator behind a name may stand in several pipelines.
    const reported = new Set<TSESTree.Node>();

    const innersWork = ({ operator, parts }: Stage): boolean => {
      const [project] = operator.arguments;
      if (project?.type === 'SpreadElement') return false;
      // `concatAll` and `mergeAll` have no function: what comes are the inners.
      if (project === undefined || types.rxjsName(operator) === 'mergeAll') {
        const given = types.argumentOf(types.of(operator));
        return !parts && given !== undefined && !allowed.includes(inners.timingOfType(given));
      }
      return !allowed.includes(inners.timingOfProject(project));
    };

    const queues = (when: Queues, stage: Stage): boolean => {
      const { arguments: given } = stage.operator;
      if (when === 'while inners work') return innersWork(stage);
      if (when === 'unless a size is given') return given.length < 3;
      // The one scheduler that runs its work at once.
      const [first] = given;
      return !(first?.type === 'Identifier' && first.name === 'queueScheduler');
    };

    const report = (name: string, instead: string, operator: TSESTree.CallExpression): void => {
      reported.add(operator);
      const form = heldFormOf(name, operator, sourceCode);
      const fix = form && replaceBy(form, operator, sourceCode, bindings);
      context.report({
        node: operator.callee,
        messageId: 'queues',
        data: { name, instead },
        suggest: form && fix ? [{ messageId: 'useHeld', data: { held: form.held }, fix }] : [],
      });
    };

    const look = (stage: Stage): void => {
      const { operator, flow } = stage;
      if (flow !== 'many' || reported.has(operator)) return;
      const name = types.rxjsName(operator) ?? '';
      const known = queueingOperators.get(name);
      if (known === undefined || !queues(known.queues, stage)) return;
      // Connections are counted where they are accepted; they are no bytes.
      const given = types.argumentOf(types.of(operator));
      if (given !== undefined && types.isConnection(given)) return;
      report(name, known.instead, operator);
    };

    return {
      CallExpression(node) {
        if (isPipe(node)) pipelines.stagesOf(node).forEach(look);
      },
    };
  },
};

/** @throws Error where the file has been parsed without types */
function servicesOf(sourceCode: Readonly<TSESLint.SourceCode>): ParserServicesWithTypeInformation {
  const { parserServices } = sourceCode;
  if (parserServices?.program) return parserServices as ParserServicesWithTypeInformation;
  throw new Error(
    'rxjs-libevent/no-unbounded-queue needs types: set parserOptions.projectService of typescript-eslint',
  );
}
