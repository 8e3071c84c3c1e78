'use strict';

// METHOD=poll or METHOD=select, THREADS=0 or 1: for this process, its workers and the programs that specs start.
for (const name of ['METHOD', 'THREADS']) if (process.env[name] === '') delete process.env[name];
const variant = require.resolve('./spec/support/variant.cjs');
const varied = process.env.METHOD !== undefined || process.env.THREADS !== undefined;
if (varied && !process.env.NODE_OPTIONS?.includes(variant)) {
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(variant)}`;
}

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/spec'],
  setupFiles: varied ? [variant] : [],
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  // Specs read the sources. Child processes that they start load the package by name, from dist.
  moduleNameMapper: {
    '^rxjs-libevent$': '<rootDir>/lib/index.ts',
    '^rxjs-libevent/eslint$': '<rootDir>/lib/eslint.ts',
    '^rxjs-libevent/nestjs$': '<rootDir>/lib/nestjs.ts',
    '^rxjs-libevent/streams$': '<rootDir>/lib/streams.ts',
    '^rxjs-libevent/testing$': '<rootDir>/lib/testing.ts',
  },
  // Files are only transpiled, each by itself: types are looked at by `npm run typecheck`.
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }],
  },
  testTimeout: 20_000,
  // By default one core is left out, which is half of two. Specs wait for events, never for time.
  maxWorkers: '100%',
};
