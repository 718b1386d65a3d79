/** The programs of docs/guides/patterns.md, run in virtual time. spec/docs/pages.spec.ts holds that they are the same. */
import { catchError, concatMap, defer, EMPTY, expand, from, map, of, retry, throwError, type Observable } from 'rxjs';
import {
  awaitChildren,
  checkpointMap,
  createApp,
  delay,
  finish,
  goto,
  Processor,
  Step,
  type StepJob,
} from 'stepstream';
import { crashMatrix, JobTestBed } from 'stepstream/testing';
import { injectable } from 'tsyringe';

interface Trip {
  readonly to: string;
}

@injectable()
class Agency {
  bookFlight(_trip: Trip, _key: string): Observable<string> {
    return of('flight 7');
  }
  bookHotel(_trip: Trip, _key: string): Observable<string> {
    return of('room 12');
  }
  cancelFlight(_flight: string, _key: string): Observable<string> {
    return of('given back');
  }
}

@injectable()
@Processor('trips')
class Trips {
  constructor(private readonly agency: Agency) {}

  @Step({ attempts: 5, backoff: 1_000 }) flight(job: StepJob<Trip>) {
    return this.agency.bookFlight(job.data, job.idempotencyKey);
  }

  @Step() hotel(job: StepJob<Trip>) {
    return this.agency.bookHotel(job.data, job.idempotencyKey).pipe(
      retry({ count: 2, delay: 1_000 }),
      map((room) => ({ room })),
      catchError((error: Error) => of({ full: error.message })), // handled: it counts no attempt
      goto((booked) => ('full' in booked ? 'giveBack' : 'confirm')),
    );
  }

  @Step() confirm(job: StepJob<Trip>) {
    return of(`you go to ${job.data.to}`).pipe(finish());
  }

  @Step({ attempts: 20, backoff: { type: 'exponential', delay: 1_000 } }) giveBack(job: StepJob<Trip>) {
    return this.agency.cancelFlight(job.outputs['flight'] as string, job.idempotencyKey);
  }
}

describe('a saga', () => {
  const bed = new JobTestBed({ processors: [Trips] });

  it('confirms what went well', () => {
    bed.run(({ add, expectJob }) => {
      expectJob(add(Trips, { to: 'Oslo' })).toBe('(cc|)', { '|': { result: 'you go to Oslo' } });
    });
  });

  it('gives back what was booked before the failure, whatever crashes', () => {
    const matrix = crashMatrix(
      Trips,
      { to: 'Oslo' },
      {
        world: ({ provide, spy }) => {
          const full = { bookHotel: () => throwError(() => new Error('full')) };
          provide(Agency, spy('agency', Object.assign(new Agency(), full)));
        },
      },
    );
    expect(matrix.calm.outcome).toBe('given back');
    expect(matrix.unsafe).toEqual([]);
  });
});

@injectable()
class Carrier {
  track(_parcel: string): Observable<{ delivered: boolean }> {
    return of({ delivered: false });
  }
}

@injectable()
@Processor('deliveries')
class Deliveries {
  constructor(private readonly carrier: Carrier) {}

  @Step({ attempts: 5, backoff: 60_000 }) track(job: StepJob<string>) {
    return this.carrier.track(job.data).pipe(goto((status) => (status.delivered ? 'thank' : 'wait')));
  }

  @Step() wait() {
    return of('').pipe(delay('1 hour'), goto('track'));
  }

  @Step() thank(job: StepJob<string>) {
    return of(`${job.data} is there after ${job.visit} visits`);
  }
}

describe('polling', () => {
  it('asks every hour, on whichever worker is free', () => {
    new JobTestBed({ processors: [Deliveries] }).run(({ provide, add, expectJob }) => {
      let asked = 0;
      provide(Carrier, { track: () => defer(() => of({ delivered: ++asked === 3 })) });
      expectJob(add(Deliveries, 'lamp')).toBe('(cd) 1h (rccd) 1h (rcc|)', {
        '|': { result: 'lamp is there after 6 visits' },
      });
    });
  });
});

@Processor('thumbnails', { concurrency: 4 })
class Thumbnails {
  @Step() draw(job: StepJob<string>) {
    if (job.data.endsWith('.txt')) throw new Error('no picture');
    return of(job.data.replace(/\.\w+$/, '.webp'));
  }
}

@Processor('albums')
class Albums {
  @Step() draw(job: StepJob<string[]>) {
    return from(job.data).pipe(
      awaitChildren<string, string>((file) => ({ queue: Thumbnails, name: 'draw', data: file }), { settled: true }),
      map((drawn) => ({
        there: drawn.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
        failed: drawn.filter(({ status }) => status === 'rejected').length,
      })),
    );
  }
}

describe('fan-out and fan-in', () => {
  it('goes on with what is there when all have ended', () => {
    new JobTestBed({ processors: [Albums, Thumbnails] }).run(({ add, expectJob }) => {
      expectJob(add(Albums, ['a.png', 'b.txt', 'c.jpg'])).toBe('(wr|)', {
        '|': { result: { there: ['a.webp', 'c.webp'], failed: 1 } },
      });
    });
  });
});

interface Page {
  readonly cursor?: string;
  readonly contacts: readonly string[];
}

@injectable()
class Crm {
  page(_cursor?: string): Observable<Page> {
    return of({ contacts: [] });
  }
  upsert(_contacts: readonly string[]): Observable<unknown> {
    return of('');
  }
}

interface Imported {
  readonly contacts: number;
  readonly cursor?: string;
  readonly done?: boolean;
}

@injectable()
@Processor('imports')
class Imports {
  constructor(private readonly crm: Crm) {}

  @Step({ attempts: 10, backoff: { type: 'exponential', delay: 1_000 } }) import(job: StepJob<object, Imported>) {
    return of(job.saved ?? { contacts: 0 }).pipe(
      expand((so) => (so.done ? EMPTY : this.importPage(so))), // each page is an emission, and is saved
    );
  }

  private importPage({ contacts, cursor }: Imported): Observable<Imported> {
    return this.crm.page(cursor).pipe(
      concatMap((page) => this.crm.upsert(page.contacts).pipe(map(() => page))),
      map((page) => ({
        contacts: contacts + page.contacts.length,
        ...(page.cursor === undefined ? { done: true } : { cursor: page.cursor }),
      })),
    );
  }
}

describe('an import page by page', () => {
  it('goes on at the page that it had reached', () => {
    const pages: Record<string, Page> = {
      first: { cursor: 'b', contacts: ['ada', 'grace'] },
      b: { cursor: 'c', contacts: ['edith'] },
      c: { contacts: ['mary'] },
    };
    new JobTestBed({ processors: [Imports] }).run(({ provide, cold, add, expectJob }) => {
      const asked: string[] = [];
      const page = (cursor = 'first'): Observable<Page> => {
        asked.push(cursor);
        return asked.length === 3 ? cold('1s #', {}, new Error('down')) : cold('1s (p|)', { p: pages[cursor]! });
      };
      provide(Crm, { page, upsert: () => of('') });
      const job = add(Imports, {});
      expectJob(job).toBe('c 1s c 1s c 1s x 1s (rc) 1s |', { '|': { result: { contacts: 4, done: true } } });
    });
  });
});

@injectable()
class Mailing {
  send(_to: string, _key: string): Observable<string> {
    return of('sent');
  }
}

@injectable()
@Processor('newsletters')
class Newsletters {
  constructor(private readonly mailing: Mailing) {}

  @Step() send(job: StepJob<string[]>) {
    return from(job.data).pipe(checkpointMap((to, _index, key) => this.mailing.send(to, key), { concurrency: 5 }));
  }
}

describe('many effects in one step', () => {
  it('are saved one by one', () => {
    const matrix = crashMatrix(Newsletters, ['ada', 'grace'], {
      world: ({ provide, spy }) => provide(Mailing, spy('mailing', new Mailing())),
    });
    expect(matrix.unsafe).toEqual([]);
  });
});

@injectable()
class Decisions {
  of(_request: string): 'granted' | 'refused' | undefined {
    return undefined;
  }
}

@injectable()
@Processor('requests')
class Requests {
  constructor(private readonly decisions: Decisions) {}

  @Step() look(job: StepJob<string>) {
    return defer(() => of(this.decisions.of(job.data) ?? 'open')).pipe(
      goto((decision) => (decision !== 'open' ? 'tell' : job.visit < 60 ? 'wait' : 'giveUp')),
    );
  }

  @Step() wait() {
    return of('').pipe(delay('1 day'), goto('look'));
  }

  @Step() giveUp(job: StepJob<string>) {
    return of(`nobody has decided on ${job.data}`).pipe(finish());
  }

  @Step() tell(job: StepJob<string>) {
    return of(`${job.data} is ${job.outputs['look'] as string}`);
  }
}

describe('a human decision', () => {
  it('is seen at once when the job is promoted', async () => {
    const decided = new Map<string, 'granted'>();
    const decisions = { of: (request: string) => decided.get(request) };
    const resolver = { resolve: () => new Requests(decisions) };
    const app = createApp({ processors: [Requests], resolver });
    await app.start();
    const job = await app.queue(Requests).add('request', 'a holiday');
    while ((await job.getState()) !== 'delayed') await new Promise(setImmediate);

    decided.set('a holiday', 'granted');
    if (await job.isDelayed()) await job.promote();

    await expect(job.result()).resolves.toBe('a holiday is granted');
    await app.close();
  });

  it('is not waited for without end', () => {
    const job = new JobTestBed({ processors: [Requests] }).run(({ add }) => add(Requests, 'a raise'));
    expect(job.result).toBe('nobody has decided on a raise');
  });
});
