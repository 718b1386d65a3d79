import { itPlays } from './plays.js';

jest.setTimeout(60_000);

const Finish = 2;

const repeats = 'the page saves a step when its work is done: in between, the work is done again';
const saved = 'a step that is saved is not done again';
const nothingReturned = 'the page enters its loop no more, and so returns nothing';

describe("BullMQ's page: switch on a saved step", () => {
  itPlays('savedStep', { calls: 'initial second', result: Finish }, [
    { at: 'after claim 1', calls: '| initial second', result: Finish, as: 'nothing was done' },
    { at: 'before updateData 1', calls: 'initial | initial second', result: Finish, as: repeats },
    { at: 'after updateData 1', calls: 'initial | second', result: Finish, as: saved },
    { at: 'before updateData 2', calls: 'initial second | second', result: Finish, as: repeats },
    { at: 'after updateData 2', calls: 'initial second |', result: undefined, as: nothingReturned },
    { at: 'before complete 1', calls: 'initial second |', result: undefined, as: nothingReturned },
    { at: 'after complete 1', calls: 'initial second |', result: Finish, as: 'it is over' },
  ]);
});
