import * as stepstream from 'stepstream';
import { Queue, Worker, type Engine } from 'stepstream';

/** What the page leaves out. */
export interface Surroundings {
  readonly connection: Engine;
  /** Is told of `doInitialStepStuff` and `doSecondStepStuff`, which have done their stuff when it resolves. */
  readonly does: (stuff: 'initial' | 'second') => void | Promise<void>;
  readonly Date?: Pick<DateConstructor, 'now'>;
}

/** Runs a program of the page. @param code `compiled` */
export function runProgram(code: string, { connection, does, ...more }: Surroundings): Worker {
  const modules: Readonly<Record<string, unknown>> = { stepstream };
  const scope = {
    Worker, // the first program imports nothing
    connection,
    doInitialStepStuff: async () => does('initial'),
    doSecondStepStuff: async () => does('second'),
    childrenQueue: new Queue('childrenQueueName', { connection }),
    name: 'grandchild',
    module: {},
    require: (path: string) => modules[path],
    ...more,
  };
  // oxlint-disable-next-line typescript/no-implied-eval -- the page's own text
  return new Function(...Object.keys(scope), code)(...Object.values(scope)) as Worker;
}
