import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findRxjsDelays } from '../../src/lint/find-rxjs-delays.js';
import { oxlintIn, projectWith, type Project } from '../support/linted-project.js';

jest.setTimeout(60_000);

/** Files of a project, by a name that says what each shows. `// ✗` marks a line on which something is found. */
const wrong = {
  'by name': `
    import { delay, of } from 'rxjs'; // ✗
    import { Step } from 'stepstream';`,
  'whatever it is called': `
    import { Step } from 'stepstream';
    import { of, delay as pause } from 'rxjs'; // ✗`,
  'from rxjs/operators': `
    import { delay } from 'rxjs/operators'; // ✗
    import { Step } from 'stepstream';`,
  'of a namespace': `
    import * as rx from 'rxjs';
    import * as stepstream from 'stepstream';
    export const slow = rx.of(1).pipe(rx.map(String), rx.delay(1_000)); // ✗
    export const too = rx['delay']; // ✗
    const { map, delay } = rx; // ✗
    export function shadowing(rx: { delay(): void }) { rx.delay(); }
    export type Wait = typeof rx.delay;`,
  'required.cts': `
    import rx = require('rxjs');
    import { Step } from 'stepstream';
    export const slow = rx.delay(1_000); // ✗`,
  'required.cjs': `
    const { delay } = require('rxjs'); // ✗
    const rx = require('rxjs'), { map, 'delay': wait } = rx; // ✗
    const { Step } = require('stepstream');
    exports.slow = rx.delay(1); // ✗
    exports.slower = require('rxjs/operators').delay(2); // ✗`,
  'imported late.mjs': `
    const { delay } = await import('rxjs'); // ✗
    const { Step } = await import('stepstream');`,
  'where only the type of a job of steps is imported': `
    import { delay, of } from 'rxjs'; // ✗
    import type { StepJob } from 'stepstream';
    export const review = (job: StepJob) => of(job.data).pipe(delay(1_000));`,
  "beside stepstream's own": `
    import { delay as pause } from 'rxjs'; // ✗
    import { delay, type StepJob } from 'stepstream';`,
  'in circles.js': `
    import * as rx from 'rxjs';
    import 'stepstream';
    import { Step } from 'stepstream';
    var a = rx, b = a; a = b; var c = d, d = c;
    b.delay(1); // ✗`,
};

const right = {
  'without stepstream': `import { delay, of } from 'rxjs'; export const slow = of(1).pipe(delay(1_000));`,
  "stepstream's": `import { of } from 'rxjs'; import { delay } from 'stepstream'; export const slow = of(1).pipe(delay('3 days'));`,
  'of that name, but its own': `
    import { of } from 'rxjs'; import { Step } from 'stepstream';
    function delay(ms: number) { return ms; }
    export const rx = { delay }; export const slow = rx.delay(1);`,
  'as a type': `
    import type { delay } from 'rxjs'; import { type delay as wait, of } from 'rxjs'; import { Step } from 'stepstream';
    import type * as rx from 'rxjs';
    export type Wait = typeof delay | typeof wait | typeof rx.delay;`,
  'where stepstream is but types': `
    import { delay, of } from 'rxjs'; import type { App } from 'stepstream'; import { type Job } from 'stepstream';`,
  'in a test of jobs': `
    import { delay, of } from 'rxjs'; import { Step } from 'stepstream'; import { JobTestBed } from 'stepstream/testing';`,
  'from elsewhere': `import { delay } from './rxjs'; import { Step } from 'stepstream';`,
  'where it is meant': `
    // oxlint-disable-next-line stepstream/no-rxjs-delay -- a tenth of a second
    import { delay } from 'rxjs';
    import { Step } from 'stepstream';`,
};

/** Before and after. */
const suggested: Readonly<Record<string, readonly [string, string]>> = {
  'alone.ts': [
    "import { delay } from 'rxjs';\nimport { Step } from 'stepstream';\nStep;\n",
    "import { Step, delay } from 'stepstream';\nStep;\n",
  ],
  'of several, by another name.ts': [
    "import { delay as wait, of } from 'rxjs';\nimport { Step, type StepJob } from 'stepstream';\n",
    "import { of } from 'rxjs';\nimport { Step, type StepJob, delay as wait } from 'stepstream';\n",
  ],
  'beside types.ts': [
    'import { map, delay, } from "rxjs";\nimport type { StepJob } from "stepstream";\n',
    'import { delay } from "stepstream";\nimport { map, } from "rxjs";\nimport type { StepJob } from "stepstream";\n',
  ],
  'alone, beside types.ts': [
    'import { delay } from "rxjs/operators";\nimport type { StepJob } from "stepstream";\n',
    'import { delay } from "stepstream";\nimport type { StepJob } from "stepstream";\n',
  ],
};

const fileOf = (name: string): string => (/\.[cm]?[jt]s$/.test(name) ? name : `${name}.ts`);

let project: Project;

beforeAll(async () => {
  const files = Object.entries({ ...wrong, ...right }).map(([name, text]) => [fileOf(name), text]);
  project = await projectWith(Object.fromEntries(files) as Record<string, string>);
});

afterAll(() => project.remove());

describe("rxjs' delay in a file that has to do with steps", () => {
  it('is found wherever it comes from, and nothing else is', async () => {
    const found = await findRxjsDelays(project.folder);
    if (!found.looked) throw new Error(found.reason);
    expect(found.files).toBe(Object.keys({ ...wrong, ...right }).length);
    const lines = found.found.map(({ file, line }) => `${file}:${line}`);
    const marked = Object.entries(wrong).flatMap(([name, text]) =>
      text.split('\n').flatMap((line, index) => (line.endsWith('// ✗') ? [`${fileOf(name)}:${index + 1}`] : [])),
    );
    expect(lines.toSorted()).toEqual(marked.toSorted());
    expect(found.found[0]!.message).toMatch(/^rxjs' delay holds the worker .* Import delay from 'stepstream'/);
  });

  it.each<[string, object]>([
    ['the preset', { extends: ['./node_modules/stepstream/oxlint.json'] }],
    ['the plugin and its rule', { jsPlugins: ['stepstream/lint'], rules: { 'stepstream/no-rxjs-delay': 'error' } }],
  ])('is an error of oxlint for who configures %s', async (_, config) => {
    await project.write('.oxlintrc.json', JSON.stringify({ ...config, categories: { correctness: 'off' } }));
    const { stdout, code } = await oxlintIn(project.folder, '--format=unix', 'by name.ts', 'without stepstream.ts');
    await project.delete('.oxlintrc.json');
    expect(stdout).toContain("by name.ts:2:14: rxjs' delay holds the worker");
    expect(stdout).toContain('1 problem');
    expect(code).toBe(1);
  });

  it('is moved to the import of stepstream by the suggestion, and not without being asked', async () => {
    for (const [name, [before]] of Object.entries(suggested)) await project.write(`suggested/${name}`, before);
    const texts = async (): Promise<readonly string[]> =>
      Promise.all(Object.keys(suggested).map((name) => readFile(join(project.folder, 'suggested', name), 'utf8')));
    const args = ['-c', 'node_modules/stepstream/oxlint.json', '-A', 'all', 'suggested'];
    await oxlintIn(project.folder, '--fix', ...args);
    expect(await texts()).toEqual(Object.values(suggested).map(([before]) => before));
    await oxlintIn(project.folder, '--fix-suggestions', ...args);
    expect(await texts()).toEqual(Object.values(suggested).map(([, after]) => after));
  });

  it('is not looked for where oxlint is not installed, or can not run: the answer says so', async () => {
    const without = await projectWith({ 'a.ts': '' }, { oxlint: false });
    expect(await findRxjsDelays(without.folder)).toEqual({
      looked: false,
      reason: 'oxlint is not installed in this project: npm install --save-dev oxlint',
    });
    await without.write('node_modules/oxlint/bin/oxlint', 'console.error("no binding"); process.exit(2);');
    expect(await findRxjsDelays(without.folder)).toEqual({ looked: false, reason: 'oxlint could not run: no binding' });
    await without.remove();
  });
});
