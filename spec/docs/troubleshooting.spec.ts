/** What docs/guides/troubleshooting.md quotes, and what the program says. */
import { readFileSync } from 'node:fs';
import { concatMap, from, NEVER, of, type Observable } from 'rxjs';
import { createApp, delay, Processor, Step, type Class, type StepJob } from 'stepstream';
import { oxlintIn, projectWith } from '../support/linted-project.js';
import { virtually } from '../support/virtual.js';

jest.setTimeout(30_000);

const guide = readFileSync('docs/guides/troubleshooting.md', 'utf8');

/** The block of the guide under a heading. */
function shown(heading: string, language = 'text', index = 0): string {
  const section = guide.slice(guide.indexOf(`\n## ${heading}`)).split('\n## ')[1]!;
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))][index]![1]!.trim();
}

const noted: string[] = [];
const logger = {
  warn: (message: string) => void noted.push(message),
  error: (message: string) => void noted.push(message),
};

beforeEach(() => {
  noted.length = 0;
});

async function refusal(processor: Class): Promise<string> {
  const app = createApp({ processors: [processor], logger });
  const error: unknown = await app.start().catch((reason: unknown) => reason);
  await app.close();
  return (error as Error).message;
}

describe('docs/guides/troubleshooting.md quotes', () => {
  it('STEP_IDLE', () => {
    @Processor('orders')
    class Orders {
      @Step() review(): Observable<never> {
        return NEVER;
      }
    }
    let warnings: readonly string[] = [];
    virtually([Orders], (run) => {
      ({ warnings } = run);
      run.add(1);
      const [worker] = run.startWorkers();
      run.at(30_000, () => void worker!.close({ grace: 0 }));
    });
    expect(warnings).toEqual([expect.stringContaining(shown('`STEP_IDLE`'))]);
  });

  it('GateOutsideStepError, with a right step and a wrong one', async () => {
    class Steps {
      readonly mail = { send: (to: string): Observable<string> => of(to) };

      @Step() right(job: StepJob<string[]>) {
        return from(job.data).pipe(
          concatMap((to) => this.mail.send(to)),
          delay('1 day'),
        );
      }

      @Step() wrong(job: StepJob<string[]>) {
        return from(job.data).pipe(
          concatMap((to) => this.mail.send(to).pipe(delay('1 day'))), // applied once per value, whenever that comes
        );
      }
    }
    @Processor('mails')
    class Mails extends Steps {}
    const seen: string[] = [];
    virtually([Mails], (run) => {
      const id = run.add(['ada']);
      const [worker] = run.startWorkers();
      run.at(80_000_000, () => seen.push(run.get(id).state));
      run.at(90_000_000, () => {
        seen.push(run.get(id).failedReason!);
        void worker!.close({ grace: 0 });
      });
    });
    expect(seen).toEqual(['delayed', expect.stringContaining(shown('`GateOutsideStepError`'))]);
    const source = readFileSync(__filename, 'utf8').replaceAll(/^ +/gm, '');
    expect(source).toContain(shown('`GateOutsideStepError`', 'ts').replaceAll(/^ +/gm, ''));
  });

  it('a ResolveError', async () => {
    // as a compiler leaves it that emits no metadata
    const Orders = {
      Orders: class {
        constructor(readonly payments: object) {}
        step(): Observable<number> {
          return of(1);
        }
      },
    }.Orders;
    Step()(Orders.prototype, 'step', Object.getOwnPropertyDescriptor(Orders.prototype, 'step')!);
    Processor('orders')(Orders);
    expect(await refusal(Orders)).toContain(shown('`TypeInfo not known`'));
  });

  it('an undefined connection', async () => {
    const app = createApp({ connection: undefined, logger });
    expect(noted).toEqual([expect.stringContaining(shown('A connection that is undefined'))]);
    await app.close();
  });

  it.each([0, 1])('how oxlint is configured: %p', async (index) => {
    const text = "import { delay } from 'rxjs'; import { Step } from 'stepstream'; Step; delay;";
    const project = await projectWith({ 'a.ts': text, '.oxlintrc.json': shown('The wrong delay', 'json', index) });
    const { stdout, code } = await oxlintIn(project.folder, 'a.ts');
    expect(stdout).toContain('stepstream(no-rxjs-delay)');
    expect(code).toBe(1);
    await project.remove();
  });
});
