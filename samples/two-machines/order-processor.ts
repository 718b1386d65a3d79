import { concatMap, of, tap } from 'rxjs';
import { Processor, Step, delay, type StepJob } from 'stepstream';
import type { ChargeRequest } from './bank.js';
import { say } from './say.js';

export interface Order {
  readonly book: string;
  readonly cents: number;
}

const machine = `machine ${process.env['MACHINE']}`;

@Processor('two-machines')
export class OrderProcessor {
  @Step() reserve({ data: { book } }: StepJob<Order>) {
    say(machine, `reserve: ${book} is put aside`);
    return of({ shelf: 7 });
  }

  @Step({ after: 'reserve' }) charge(job: StepJob<Order>, _place: { readonly shelf: number }) {
    return of(job.data.cents).pipe(
      tap(() => say(machine, 'charge: the order sleeps in Redis for a second, as customers change their minds')),
      delay('1 s'),
      concatMap((cents) => ask({ cents, key: job.idempotencyKey })),
    );
  }

  @Step({ after: 'charge' }) ship({ data: { book }, outputs }: StepJob<Order>, receipt: string) {
    const { shelf } = outputs['reserve'] as { readonly shelf: number };
    say(machine, `ship: ${book} leaves shelf ${shelf}`);
    return of(`${book} is on its way, ${receipt}`);
  }
}

async function ask(request: ChargeRequest): Promise<string> {
  say(machine, `charge: asks the bank, with key ${request.key}`);
  const response = await fetch(process.env['BANK_URL']!, { method: 'POST', body: JSON.stringify(request) });
  return response.text();
}
