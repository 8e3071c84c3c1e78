import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
// The library's own rule, which any build compiles.
import { recommended } from './dist/eslint.js';

const nodeGlobals = Object.fromEntries(
  [
    ...['AbortController', 'Buffer', 'console', 'performance', 'process', 'URL'],
    ...['clearImmediate', 'clearInterval', 'clearTimeout', 'queueMicrotask'],
    ...['setImmediate', 'setInterval', 'setTimeout'],
  ].map((name) => [name, 'readonly']),
);

const commonJsGlobals = Object.fromEntries(
  ['__dirname', '__filename', 'exports', 'module', 'require'].map((name) => [name, 'readonly']),
);

export default defineConfig(
  globalIgnores(['.build/', 'dist/', 'coverage/', 'native/build/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  // Scripts and configuration: plain JavaScript.
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [js.configs.recommended],
    languageOptions: { globals: nodeGlobals },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs', globals: commonJsGlobals },
  },
  {
    files: ['scripts/site/browser.js'],
    languageOptions: {
      sourceType: 'script',
      globals: {
        document: 'readonly',
        matchMedia: 'readonly',
        mermaid: 'readonly',
        MutationObserver: 'readonly',
      },
    },
  },

  // TypeScript: as strict as it gets.
  {
    files: ['**/*.ts'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Said with `as T`, which a reader can search for; `!` is for specs.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
      // What a file does is counted, not the examples of its reference.
      'max-lines': ['error', { max: 400, skipComments: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-warning-comments': 'error',
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  recommended,
  {
    // Nodes are compared by their names: the enum would have to be loaded when the rule runs.
    files: ['lib/eslint/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-enum-comparison': 'off' },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['spec/**/*.ts'],
    rules: {
      // `expect(observer.next).toHaveBeenCalled()` and non-null assertions on what a spec set up.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Specs try what programs should not do.
      'rxjs-libevent/no-unbounded-queue': 'off',
      // A specification is one list, and may be longer than what it specifies.
      'max-lines': ['error', { max: 600 }],
    },
  },
  {
    // The addon's path is known only at run time.
    files: ['lib/native.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },

  prettier,
);
