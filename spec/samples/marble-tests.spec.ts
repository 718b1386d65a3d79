import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { of } from 'rxjs';
import { crashMatrix } from 'stepstream/testing';
import { Dunning } from '../../samples/marble-tests/dunning.js';
import { Mail } from '../../samples/marble-tests/mail.js';
import { Payments } from '../../samples/marble-tests/payments.js';

jest.setTimeout(30_000);

const folder = 'samples/marble-tests';
const readme = readFileSync(`${folder}/README.md`, 'utf8');

describe('the marble tests of the dunning process', () => {
  const source = readFileSync(`${folder}/dunning.test.ts`, 'utf8');

  it("pass with Node's own test runner", () => {
    const args = [
      '--import',
      '@oxc-node/core/register',
      '--test',
      '--test-reporter',
      'tap',
      `${folder}/dunning.test.ts`,
    ];
    const { NODE_OPTIONS: _, ...env } = process.env;
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8', env });
    const titles = [...source.matchAll(/^test\('(.*?)'/gm)].map(([, title]) => title!);
    expect([...printed.matchAll(/^ok \d+ - (.*)$/gm)].map(([, title]) => title)).toEqual(titles);
    expect(printed).toMatch(/^# fail 0$/m);
  });

  it('the README shows the line of the test', () => {
    const [, line] = /^```ts\n(.*)\n```$/m.exec(readme)!;
    expect(source).toContain(line);
  });

  it('the README shows the crash matrix, in which no boundary is unsafe', () => {
    const matrix = crashMatrix(
      Dunning,
      { number: 'R-7', cents: 4_200 },
      {
        world: ({ provide, spy }) => {
          provide(Payments, spy('payments', { charge: () => of(false), isPaid: () => of(false) }, ['charge']));
          provide(Mail, spy('mail', { remind: () => of('sent'), giveUp: () => of('sent') }));
        },
      },
    );
    expect(matrix.unsafe).toEqual([]);
    expect(matrix.leaks).toEqual([]);
    const [, table] = /^```text\n([\s\S]*?)^```$/m.exec(readme)!;
    expect(`${String(matrix)}\n`).toBe(table);
  });
});
