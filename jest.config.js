'use strict';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/spec'],
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  moduleNameMapper: {
    '^rxjs-libevent$': '<rootDir>/lib/index.ts',
    '^rxjs-libevent/testing$': '<rootDir>/lib/testing.ts',
  },
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: true }],
  },
  testTimeout: 20_000,
};
