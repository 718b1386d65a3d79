import { whileWaiting } from './boundary.js';
import { itPlays } from './plays.js';
import { addsTwice, nothingDone, nothingReturned, over, repeats, saved, waits, wakes } from './reasons.js';

jest.setTimeout(120_000);

const Finish = 3;

/** With two grandchildren each. */
const [child, twice] = ['child-job', 'child-job child-job'];

describe("BullMQ's page: chaining flows", () => {
  const result = Finish;
  itPlays('chainingFlows', { calls: 'initial second', children: child, result }, [
    { at: 'after claim 1', calls: '| initial second', children: child, result, as: nothingDone },
    { at: 'before add 1', calls: 'initial | initial second', children: child, result, as: repeats },
    { at: 'after add 1', calls: 'initial | initial second', children: twice, result, as: addsTwice },
    { at: 'before updateData 1', calls: 'initial | initial second', children: twice, result, as: addsTwice },
    { at: 'after updateData 1', calls: 'initial | second', children: child, result, as: saved },
    { at: 'before updateData 2', calls: 'initial second | second', children: child, result, as: repeats },
    { at: 'after updateData 2', calls: 'initial second |', children: child, result, as: saved },
    { at: 'before moveToWaitingChildren 1', calls: 'initial second |', children: child, result, as: waits },
    { at: 'after moveToWaitingChildren 1', calls: 'initial second |', children: child, result, as: waits },
    {
      at: whileWaiting,
      calls: 'initial second |',
      children: child,
      result,
      as: wakes,
    },
    { at: 'after claim 2', calls: 'initial second |', children: child, result, as: waits },
    { at: 'before moveToWaitingChildren 2', calls: 'initial second |', children: child, result, as: waits },
    { at: 'after moveToWaitingChildren 2', calls: 'initial second |', children: child, result, as: waits },
    { at: 'before children 1', calls: 'initial second |', children: child, result, as: waits },
    { at: 'after children 1', calls: 'initial second |', children: child, result, as: waits },
    { at: 'before updateData 3', calls: 'initial second |', children: child, result, as: waits },
    { at: 'after updateData 3', calls: 'initial second |', children: child, result: undefined, as: nothingReturned },
    { at: 'before complete 1', calls: 'initial second |', children: child, result: undefined, as: nothingReturned },
    { at: 'after complete 1', calls: 'initial second |', children: child, result, as: over },
  ]);
});
