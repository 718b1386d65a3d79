/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  globalSetup: '<rootDir>/scripts/redis-server.js',
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
          target: 'es2022',
        },
      },
    ],
  },
  moduleNameMapper: {
    '^stepstream$': '<rootDir>/src/index.ts',
    '^stepstream/(.*)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts', 'decorators/**/*.ts'],
};

export default config;
