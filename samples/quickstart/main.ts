import { from, map, of } from 'rxjs';
import { awaitChildren, createApp, delay, Processor, Step, type StepJob } from 'stepstream';

@Processor('parcels', { concurrency: 2 })
class Parcels {
  @Step() label(job: StepJob<string>) {
    return of(`${job.data}: labelled`);
  }
}

@Processor('orders')
class Orders {
  @Step() pack(job: StepJob<string[]>) {
    return from(job.data).pipe(awaitChildren((parcel) => ({ queue: Parcels, name: 'label', data: parcel })));
  }

  @Step({ after: 'pack' }) review(_job: StepJob<string[]>, labels: string[]) {
    return of(labels).pipe(
      delay('1 second'), // the job sleeps in the store: no worker is held
      map((all) => `${all.length} parcels: review asked for`),
    );
  }
}

const app = createApp({ processors: [Orders, Parcels] });
await app.start();
const job = await app.queue(Orders).add('order', ['books', 'lamp']);
job.progress$.subscribe(({ step, emission }) => console.log(`saved in ${step}:`, emission));
console.log('result:', await job.result());
await app.close();
