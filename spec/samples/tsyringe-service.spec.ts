import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { of } from 'rxjs';
import { JobTestBed } from 'stepstream/testing';
import { container } from 'tsyringe';
import { configToken } from '../../samples/tsyringe-service/config.js';
import { InvoiceProcessor } from '../../samples/tsyringe-service/invoice-processor.js';
import { Ledger } from '../../samples/tsyringe-service/ledger.js';
import { mailClientToken, type Mail } from '../../samples/tsyringe-service/mail-client.js';
import { MailProcessor } from '../../samples/tsyringe-service/mail-processor.js';

jest.setTimeout(30_000);

const path = 'samples/tsyringe-service';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsyringe-service-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the sample of a service on tsyringe', () => {
  it('prints what its README shows, and goes on with the numbers when it runs again', async () => {
    const [, shown] = /^```text\n([\s\S]*?)^```$/m.exec(readFileSync(`${path}/README.md`, 'utf8'))!;
    const { NODE_OPTIONS: _, ...env } = process.env;
    const run = async (own = {}): Promise<string> => {
      const args = ['--import', '@oxc-node/core/register', `${path}/main.ts`];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
        env: { ...env, LEDGER: join(folder, 'ledger.jsonl'), ...own },
      });
      expect(stderr).toBe('');
      return stdout;
    };
    expect(await run()).toBe(shown);
    expect(await run({ DUE_AFTER: '1ms' })).toContain(
      'mail      to ada: Good to see you again! Invoice 3 is about 1250 cents.',
    );
  });

  it('has processors that a test gives other services: thirty days are a line', () => {
    const sent: string[] = [];
    const testing = container.createChildContainer();
    testing.register(configToken, { useValue: { ledger: join(folder, 'ledger'), sender: 'me', dueAfter: '30 days' } });
    const bed = new JobTestBed({ processors: [InvoiceProcessor, MailProcessor], resolver: testing });

    bed.run(({ provide, add, expectJob }) => {
      provide(mailClientToken, {
        send: ({ to, text }: Mail) => of(`message ${sent.push(`${to}: ${text}`)}`),
      });
      provide(Ledger, { enter: () => ({ number: 7 }), totalOf: () => 1_000 });
      expectJob(add(InvoiceProcessor, { customer: 'ada', cents: 1_000 })).toBe('(cwrcd) 30d (rwr|)', {
        d: { due: '30d' },
        '|': { result: 'invoice 7 is settled, message 2' },
      });
    });
    expect(sent).toEqual(['ada: Welcome! Invoice 7 is about 1000 cents.', 'ada: Invoice 7 is due.']);
  });
});
