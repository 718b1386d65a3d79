import { whileWaiting } from './boundary.js';
import { itPlays } from './plays.js';
import { addsTwice, nothingDone, nothingReturned, over, repeats, saved, waits, wakes } from './reasons.js';

jest.setTimeout(120_000);

const Finish = 3;

const children = 'child-1 child-2';

describe("BullMQ's page: waiting children", () => {
  const result = Finish;
  const first = 'child-1 child-1 child-2';
  const second = 'child-1 child-2 child-2';
  itPlays('waitingChildren', { calls: 'initial second', children, result }, [
    { at: 'after claim 1', calls: '| initial second', children, result, as: nothingDone },
    { at: 'before add 1', calls: 'initial | initial second', children, result, as: repeats },
    { at: 'after add 1', calls: 'initial | initial second', children: first, result, as: addsTwice },
    { at: 'before updateData 1', calls: 'initial | initial second', children: first, result, as: addsTwice },
    { at: 'after updateData 1', calls: 'initial | second', children, result, as: saved },
    { at: 'before add 2', calls: 'initial second | second', children, result, as: repeats },
    { at: 'after add 2', calls: 'initial second | second', children: second, result, as: addsTwice },
    { at: 'before updateData 2', calls: 'initial second | second', children: second, result, as: addsTwice },
    { at: 'after updateData 2', calls: 'initial second |', children, result, as: saved },
    { at: 'before moveToWaitingChildren 1', calls: 'initial second |', children, result, as: waits },
    { at: 'after moveToWaitingChildren 1', calls: 'initial second |', children, result, as: waits },
    {
      at: whileWaiting,
      calls: 'initial second |',
      children,
      result,
      as: wakes,
    },
    { at: 'after claim 2', calls: 'initial second |', children, result, as: waits },
    { at: 'before moveToWaitingChildren 2', calls: 'initial second |', children, result, as: waits },
    { at: 'after moveToWaitingChildren 2', calls: 'initial second |', children, result, as: waits },
    { at: 'before children 1', calls: 'initial second |', children, result, as: waits },
    { at: 'after children 1', calls: 'initial second |', children, result, as: waits },
    { at: 'before updateData 3', calls: 'initial second |', children, result, as: waits },
    { at: 'after updateData 3', calls: 'initial second |', children, result: undefined, as: nothingReturned },
    { at: 'before complete 1', calls: 'initial second |', children, result: undefined, as: nothingReturned },
    { at: 'after complete 1', calls: 'initial second |', children, result, as: over },
  ]);
});
