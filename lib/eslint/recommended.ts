import type { Linter } from 'eslint';
import { plugin } from './plugin';

/**
 * All rules, as errors, for `.ts` and `.tsx` files; `{ ...recommended, files }` has others. Needs the parser of
 * typescript-eslint, with types (`parserOptions.projectService`).
 *
 * @example
 * ```ts
 * export default defineConfig(tseslint.configs.recommendedTypeChecked, recommended);
 * ```
 */
export const recommended: Linter.Config = {
  name: 'rxjs-libevent/recommended',
  files: ['**/*.ts', '**/*.tsx'],
  plugins: { 'rxjs-libevent': plugin },
  rules: { 'rxjs-libevent/no-unbounded-queue': 'error' },
};
