/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

/** Packages that are ES modules only, which Jest can't require before Node 24.9: they are transformed, too. */
const modulesOnly = ['@nestjs', 'inversify', '@inversifyjs'];

const config: Config = {
  globalSetup: '<rootDir>/scripts/spec-programs.js',
  // On two cores Jest would take one. In a process that has run all specs, collecting garbage takes seconds, and servers seem dead.
  maxWorkers: 2,
  workerIdleMemoryLimit: '800MB',
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  transform: {
    '\\.[jt]s$': [
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
  transformIgnorePatterns: [`/node_modules/(?!(${modulesOnly.join('|')})/)`],
  moduleNameMapper: {
    '^stepstream$': '<rootDir>/src/index.ts',
    '^stepstream/(.*)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts', 'decorators/**/*.ts'],
};

export default config;
