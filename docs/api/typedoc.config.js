/** The API reference, with the guides beside it: `npm run docs` at the root. A warning is an error. */
import { existsSync, readFileSync } from 'node:fs';
import { Converter, OptionDefaults } from 'typedoc';

const { name, exports } = JSON.parse(readFileSync('../../package.json', 'utf8'));

/** Sources of what can be imported and has types of its own. */
const entryPoints = Object.keys(exports)
  .map((entry) => `../../src/${entry}/index.ts`)
  .filter(existsSync);

/** Modules are called as they are imported. @param {import('typedoc').Application} app */
function nameEntries({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entry of project.children ?? []) entry.name = entry.name === 'index' ? name : `${name}/${entry.name}`;
  });
}

/** An engine is passed on, and called by nobody but us: what its port is made of may be reshaped in any version. */
const port = [
  'Awaitable',
  'ChildFailurePolicy',
  'ChildRecord',
  'Claimed',
  'ClaimOptions',
  'Checkpoint',
  'CompleteAnswer',
  'EngineEvent',
  'Failure',
  'Metrics',
  'NewScheduler',
  'ParentLink',
  'QueueSettings',
  'Recovery',
  'RemoveAnswer',
  'SchedulerRecord',
  'Unsubscribe',
  'Waiting',
];

/** Made by us alone, and handed to constructors that users call without it. */
const ours = ['Hold', 'JobContext', 'JobRunner', 'JobView', 'Payloads'];

/** What the compiler works out: nobody writes it down. */
const inferred = [
  'Ask',
  'ChildrenOf',
  'Input',
  'Output',
  'Status',
  'StepsOf',
  'Stream',
  'Takes',
  'Time',
  'counters',
  'gauges',
  'histograms',
];

/** As others' packages want it: bull-board, bullmq-otel, linters. */
const theirs = ['BoardJob', 'BoardNode', 'BoardScheduler', 'BullmqSpan', 'Node'];

export default {
  name: 'Stepstream',
  entryPoints,
  plugin: [nameEntries],
  tsconfig: 'tsconfig.json',
  out: 'out',
  readme: '../../README.md',
  projectDocuments: ['../*.md', '../guides/*.md'],
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'dockerfile'],
  groupOrder: ['Functions', 'Classes', '*'],
  sort: ['source-order'],
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  excludeProtected: true,
  intentionallyNotExported: [...port, ...ours, ...inferred, ...theirs],
  treatWarningsAsErrors: true,
  validation: { invalidPath: false }, // of files: scripts/check-docs.js follows them, folders too
};
