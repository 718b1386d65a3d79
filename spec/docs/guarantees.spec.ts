/** The snippets of docs/guarantees.md, with a crash at every boundary. spec/docs/pages.spec.ts holds that they are the same. */
import { concatMap, from, of, race, type Observable } from 'rxjs';
import { checkpoint, checkpointMap, delay, Processor, Step, type StepJob } from 'stepstream';
import { crashMatrix } from 'stepstream/testing';
import { injectable } from 'tsyringe';

@injectable()
class Mail {
  send(to: string, _key: string): Observable<string> {
    return of(`sent to ${to}`);
  }
}

@injectable()
class Legacy {
  charge(cents: number): Observable<string> {
    return of(`receipt for ${cents}`);
  }
}

@injectable()
class Bank {
  authorize(cents: number): Observable<string> {
    return of(`authorized ${cents}`);
  }
}

/** What ran again without a key, by boundary. */
function harmAt(matrix: ReturnType<typeof crashMatrix>): readonly string[] {
  return [...new Set(matrix.unsafe.map(({ boundary, lost }) => `${lost} ${boundary}`))];
}

describe('how to make a repetition harmless', () => {
  it('close the gap behind an effect that takes no key: only a crash between its end and the write repeats it', () => {
    @Processor('legacy')
    @injectable()
    class Charging {
      constructor(
        private readonly legacy: Legacy,
        private readonly mail: Mail,
      ) {}

      @Step() charge(job: StepJob<number>) {
        return this.legacy.charge(job.data).pipe(
          checkpoint(),
          concatMap((receipt) => this.mail.send(receipt, job.idempotencyKeyFor('receipt'))),
        );
      }
    }

    const matrix = crashMatrix(Charging, 4_200, {
      world: ({ provide, spy }) => {
        provide(Legacy, spy('legacy', new Legacy()));
        provide(Mail, spy('mail', new Mail()));
      },
    });
    expect(harmAt(matrix)).toEqual(['before charge: checkpoint']);
  });

  it('do many things one by one: each has a key of its own, and one of them is repeated', () => {
    @Processor('mails')
    @injectable()
    class Mails {
      constructor(private readonly mail: Mail) {}

      @Step() send(job: StepJob<{ recipients: string[] }>) {
        return from(job.data.recipients).pipe(
          checkpointMap((to, _index, key) => this.mail.send(to, key), { concurrency: 5 }),
        );
      }
    }

    const matrix = crashMatrix(
      Mails,
      { recipients: ['ada', 'grace'] },
      {
        world: ({ provide, spy }) => provide(Mail, spy('mail', new Mail())),
      },
    );
    expect(matrix.unsafe).toEqual([]);
  });

  it('save what time or order decides, before you act on it', () => {
    @Processor('choices')
    @injectable()
    class Choosing {
      constructor(private readonly bank: Bank) {}

      @Step() authorize(job: StepJob<number>) {
        // prettier-ignore
        return race(
          this.bank.authorize(job.data).pipe(checkpoint()),
          of('too slow').pipe(delay('10 s')),
        ).pipe(
          checkpoint(),
          concatMap((outcome) => this.act(outcome)),
        );
      }

      act(outcome: string): Observable<string> {
        return of(`acted on: ${outcome}`);
      }
    }

    const matrix = crashMatrix(Choosing, 4_200, {
      world: ({ provideNew, cold, effect }) =>
        provideNew(Choosing, () => {
          const bank = { authorize: () => cold('1s (a|)', { a: 'authorized' }) };
          return Object.assign(new Choosing(bank), { act: (outcome: string) => effect('act', outcome, outcome) });
        }),
    });
    // 1: the ten seconds begin; 2: the outcome; before that is saved nothing acts, and behind it nothing else wins
    expect(new Set(matrix.unsafe.map(({ write, lost }) => `${lost} ${write}`))).toEqual(
      new Set(['after 1', 'before 2']),
    );
    expect(matrix.unsafe.flatMap(({ repeated }) => repeated)).toEqual([]);
  });
});
