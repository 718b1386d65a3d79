/** Plain JavaScript that is required: decorators are called as functions, and nothing is loaded that isn't used. */
const { createApp, delay, Processor, Step } = require('stepstream');
const { JobTestBed } = require('stepstream/testing');
const { map, of } = require('rxjs');

const loaded = Object.keys(require.cache).map(
  (file) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1],
);
const { stepstream: _, ...others } = Object.fromEntries(loaded.filter(Boolean).map((name) => [name, true]));
console.log('loaded with it:', Object.keys(others).sort().join(', '));
console.log(
  'kept open by it:',
  process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name)),
);

class Parcels {
  pack({ data }) {
    return of(`${data}: packed`);
  }

  ship(_job, packed) {
    return of(packed).pipe(
      delay('50 ms'),
      map((parcel) => `${parcel}, shipped`),
    );
  }
}
for (const step of ['pack', 'ship']) {
  Step()(Parcels.prototype, step, Object.getOwnPropertyDescriptor(Parcels.prototype, step));
}
Processor('parcels')(Parcels);

async function main() {
  const app = createApp({ processors: [Parcels] });
  await app.start();
  const job = await app.queue(Parcels).add('parcel', 'books');
  console.log('result:', await job.result());
  await app.close();

  new JobTestBed({ processors: [Parcels] }).run(({ add, expectJob }) => {
    expectJob(add(Parcels, 'lamp')).toBe('(cd) 50ms (r|)', { '|': { result: 'lamp: packed, shipped' } });
  });
  console.log('drawn as a line: it is so');

  const imported = await import('stepstream');
  console.log('required and imported, it is one:', imported.createApp === createApp);
}

void main();
