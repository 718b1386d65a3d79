/** TypeScript of an ES module, as strict as it gets: no type of the package's own may need an optional peer. */
import { from, map, of } from 'rxjs';
import { awaitChildren, createApp, delay, Processor, Step, type StepJob } from 'stepstream';
import { JobTestBed } from 'stepstream/testing';
import { injectable } from 'tsyringe';

@injectable()
class Printer {
  label(parcel: string): string {
    return `${parcel}: labelled`;
  }
}

@injectable()
@Processor('parcels', { concurrency: 2 })
class Parcels {
  constructor(private readonly printer: Printer) {}

  @Step() label(job: StepJob<string>) {
    return of(this.printer.label(job.data));
  }
}

@Processor('orders')
class Orders {
  @Step() pack(job: StepJob<string[]>) {
    return from(job.data).pipe(awaitChildren((data) => ({ queue: Parcels, name: 'label', data })));
  }

  @Step({ after: 'pack' }) review(_job: StepJob<string[]>, labels: string[]) {
    return of(labels).pipe(
      delay('50 ms'),
      map((all) => `${all.join(', ')}: review asked for`),
    );
  }
}

const app = createApp({ processors: [Orders, Parcels] });
await app.start();
const job = await app.queue(Orders).add('order', ['books', 'lamp']);
console.log('result:', await job.result());
await app.close();

new JobTestBed({ processors: [Orders, Parcels] }).run(({ add, expectJob }) => {
  expectJob(add(Orders, ['books'])).toBe('(wrcd) 50ms (r|)');
});
console.log('drawn as a line: it is so');
