import { defer } from 'rxjs';
import { Processor, Step } from 'stepstream';
import { takeOver, type TakeOverSide } from '../take-over.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

export const takeOverSide: TakeOverSide = {
  name: 'stepstream',
  spread: 3_000, // leases are renewed every 3 s, connections looked at once a second
  async add(url, queue) {
    const app = openApp(url);
    await preload(app.queue(queue), 1, () => ({}));
    await app.close();
  },
  async work(url, queue, begun) {
    @Processor(queue)
    class Worker {
      @Step() only() {
        return defer(begun);
      }
    }
    const app = openApp(url, [Worker]);
    await app.start();
    return () => app.close();
  },
};

/** From the kill of a worker's process until another worker begins its job. */
export const run: Workload = (stage, { size }) => takeOver(stage, takeOverSide, size);
