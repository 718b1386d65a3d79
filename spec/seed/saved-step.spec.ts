import { itPlays } from './plays.js';
import { nothingDone, nothingReturned, over, repeats, saved } from './reasons.js';

jest.setTimeout(60_000);

const Finish = 2;

describe("BullMQ's page: switch on a saved step", () => {
  itPlays('savedStep', { calls: 'initial second', result: Finish }, [
    { at: 'after claim 1', calls: '| initial second', result: Finish, as: nothingDone },
    { at: 'before updateData 1', calls: 'initial | initial second', result: Finish, as: repeats },
    { at: 'after updateData 1', calls: 'initial | second', result: Finish, as: saved },
    { at: 'before updateData 2', calls: 'initial second | second', result: Finish, as: repeats },
    { at: 'after updateData 2', calls: 'initial second |', result: undefined, as: nothingReturned },
    { at: 'before complete 1', calls: 'initial second |', result: undefined, as: nothingReturned },
    { at: 'after complete 1', calls: 'initial second |', result: Finish, as: over },
  ]);
});
