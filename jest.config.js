'use strict';

// METHOD=poll or METHOD=select, for this process, its workers and the programs that specs start.
if (process.env.METHOD === '') delete process.env.METHOD;
const method = require.resolve('./spec/support/method.cjs');
if (process.env.METHOD && !process.env.NODE_OPTIONS?.includes(method)) {
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(method)}`;
}

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/spec'],
  setupFiles: process.env.METHOD ? [method] : [],
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  // Specs read the sources. Child processes that they start load the package by name, from dist.
  moduleNameMapper: {
    '^rxjs-libevent$': '<rootDir>/lib/index.ts',
    '^rxjs-libevent/testing$': '<rootDir>/lib/testing.ts',
  },
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      {
        tsconfig: '<rootDir>/tsconfig.json',
        diagnostics: {
          // The first three are ts-jest's own defaults. The last one asks for isolatedModules, which
          // would turn type errors in specs off.
          ignoreCodes: [6059, 18002, 18003, 151002],
        },
      },
    ],
  },
  testTimeout: 20_000,
};
