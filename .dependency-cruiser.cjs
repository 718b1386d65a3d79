/** Who may import whom, as patterns of paths from the root. The comment of each rule says why. */
const port = '^src/engine/[^/]+\\.ts$';
const errors = '^src/errors\\.ts$'; // a leaf: anyone may throw and catch them
const stores = '^src/stores\\.ts$';
const telemetry = '^src/telemetry/';
const packages = '(^|/)node_modules/'; // which package may be used where is held by rules of their own

/** What lies in `from` imports nothing but `to` and Node's own modules. */
const only = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: to, dependencyTypesNot: ['core'] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other can be neither understood nor tested alone. Types count too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports it and it imports nothing: it was forgotten.',
      severity: 'error',
      from: { orphan: true },
      to: {},
    },
    {
      name: 'declared-packages',
      comment: "What isn't in dependencies or peerDependencies is missing where the package gets installed.",
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'resolvable',
      comment: 'A path that leads nowhere would slip through every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },

    only('port', 'The port knows no engine and nobody who uses it: so any of them can be exchanged.', port, [
      port,
      errors,
      packages,
    ]),
    only(
      'engines',
      'An engine implements the port, knows neither jobs nor steps nor the other engine, and brings no packages of others.',
      '^src/engine/([^/]+)/',
      ['^src/engine/$1/', port, errors, 'node_modules/ioredis/'],
    ),
    only(
      'telemetry',
      'Telemetry stands between the port and who uses it, and knows nobody of either side.',
      telemetry,
      [telemetry, port, errors],
    ),
    only('job', 'The job talks to its store through the port only.', '^src/job/', [
      '^src/job/',
      telemetry,
      port,
      errors,
      packages,
    ]),
    only(
      'stores',
      'Whose store is which engine is decided in one place, for an app and for those who are made without one.',
      stores,
      ['^src/job/', '^src/engine/', telemetry, errors],
    ),
    only('queue', 'A queue makes jobs, never the other way round, and runs none.', '^src/queue/', [
      '^src/(queue|job)/',
      stores,
      port,
      errors,
      packages,
    ]),
    only(
      'worker',
      'A worker is given a function, or by the app `run(activation)`: it knows nothing of steps.',
      '^src/worker/',
      ['^src/(worker|job)/', telemetry, stores, port, errors, packages],
    ),
    only(
      'steps',
      "Steps and operators write through the job's activation, never to an engine; of the port they use the types.",
      '^src/(steps|operators)/',
      ['^src/(steps|operators|job)/', telemetry, port, errors, packages],
    ),
    only('decorators', 'Decorators write metadata and hold no behaviour; of RxJS they use the types.', '^decorators/', [
      '^decorators/',
      '^src/steps/metadata\\.ts$',
      'node_modules/(tsyringe|reflect-metadata|rxjs)/',
    ]),
    only(
      'integrations',
      'What we offer to one framework can be built by anyone for another: from the public face alone.',
      '^src/(testing|nestjs|bull-board|opentelemetry|prometheus)/',
      ['^src/$1/', '^src/index\\.ts$', packages],
    ),
    only(
      'cli',
      'A program for the outside needs what anyone can have; and the linter, which its doctor runs.',
      '^src/cli/',
      ['^src/cli/', '^src/index\\.ts$', '^src/lint/find-rxjs-delays\\.ts$'],
    ),
    only('lint', 'A linter loads it alone: it needs nothing of what it is about.', '^src/lint/', ['^src/lint/']),
    {
      name: 'rxjs',
      comment: "Engines and composition stay free of streams: RxJS' next major touches few files.",
      severity: 'error',
      from: { pathNot: '^(decorators|src/(steps|operators|worker|job|queue|testing|nestjs|bull-board))/' },
      to: { path: 'node_modules/rxjs/' },
    },
    {
      name: 'opentelemetry',
      comment: 'Who has no telemetry never loads its API.',
      severity: 'error',
      from: { pathNot: '^src/opentelemetry/' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'ioredis',
      comment: 'Who runs on the memory engine never loads a Redis client.',
      severity: 'error',
      from: { pathNot: '^src/engine/redis/' },
      to: { path: 'node_modules/ioredis/' },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API. swc also sees type imports, except `import('…').T`: the linter refuses those.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
  },
};
