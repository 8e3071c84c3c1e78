'use strict';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/spec'],
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
