import type { ESLint, Rule } from 'eslint';
import { noUnboundedQueue } from './noUnboundedQueue';

/**
 * The rules, for who sets them one by one.
 *
 * @example
 * ```ts
 * export default [
 *   { plugins: { 'rxjs-libevent': plugin }, rules: { 'rxjs-libevent/no-unbounded-queue': 'warn' } },
 * ];
 * ```
 */
export const plugin: ESLint.Plugin = {
  meta: { name: 'rxjs-libevent', namespace: 'rxjs-libevent' },
  // typescript-eslint types the syntax tree, and ESLint does not.
  rules: { 'no-unbounded-queue': noUnboundedQueue as unknown as Rule.RuleModule },
};
