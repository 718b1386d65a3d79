import { addingContract } from './adding.js';
import { administrationContract } from './administration.js';
import { openBench, type MakeEngine } from './bench.js';
import { byHandContract } from './by-hand.js';
import { cancellingContract } from './cancelling.js';
import { checkpointContract } from './checkpointing.js';
import { childrenContract } from './children.js';
import { claimingContract } from './claiming.js';
import { cleaningContract } from './cleaning.js';
import { completingContract } from './completing.js';
import { deduplicationContract } from './deduplicating.js';
import { delayingContract } from './delaying.js';
import { detachingContract } from './detaching.js';
import { failingContract } from './failing.js';
import { finishingContract } from './finishing.js';
import { flowContract } from './flows.js';
import { leaseContract } from './leases.js';
import { limitContract } from './limiting.js';
import { listeningContract } from './listening.js';
import { logContract } from './logging.js';
import { lookingContract } from './looking.js';
import { priorityContract } from './prioritizing.js';
import { randomWalkContract } from './random-walk.js';
import { releasingContract } from './releasing.js';
import { removingContract } from './removing.js';
import { resendContract } from './resending.js';
import { retryContract } from './retrying.js';
import { schedulerContract } from './scheduling.js';
import { stallingContract } from './stalling.js';
import { surveyingContract } from './surveying.js';
import { tellingContract } from './telling.js';
import { waitingForAllContract } from './waiting-for-all.js';
import { waitingContract } from './waiting-for-children.js';
import { waitingWithDueContract } from './waiting-with-due.js';
import { watchingContract } from './watching.js';

export type { EngineUnderTest, MakeEngine } from './bench.js';

/**
 * What every engine must do: the port's contract, a test for each of its sentences.
 *
 * @example
 * ```ts
 * describeEngine('memory', memoryUnderTest);
 * ```
 */
export function describeEngine(name: string, makeEngine: MakeEngine): void {
  describe(`the ${name} engine`, () => {
    const bench = openBench(makeEngine);
    addingContract(bench);
    claimingContract(bench);
    leaseContract(bench);
    checkpointContract(bench);
    resendContract(bench);
    delayingContract(bench);
    waitingContract(bench);
    waitingForAllContract(bench);
    waitingWithDueContract(bench);
    childrenContract(bench);
    completingContract(bench);
    failingContract(bench);
    releasingContract(bench);
    stallingContract(bench);
    lookingContract(bench);
    listeningContract(bench);
    watchingContract(bench);
    administrationContract(bench);
    removingContract(bench);
    surveyingContract(bench);
    cancellingContract(bench);
    flowContract(bench);
    deduplicationContract(bench);
    limitContract(bench);
    finishingContract(bench);
    byHandContract(bench);
    logContract(bench);
    retryContract(bench);
    priorityContract(bench);
    detachingContract(bench);
    cleaningContract(bench);
    schedulerContract(bench);
    tellingContract(bench);
    randomWalkContract(bench);
  });
}
