import type { Class } from '../steps/metadata.js';

/** Under this token an app registers its queues with tsyringe; `@InjectQueue` asks for it. */
export const queuesToken = Symbol('stepstream.queues');

/** The app's queues, by name or processor. */
export type Queues = (queue: string | Class) => unknown;

/** tsyringe's way from the registered queues to the one that is injected. */
export class QueueByName {
  transform(queues: Queues, queue: string | Class): unknown {
    return queues(queue);
  }
}
