import type { Administration, RemoveAnswer } from '../../admin.js';
import { optional, type Arguments } from '../arguments.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';
import { writeBeside } from './write-beside.js';

type JobCalls = Pick<
  Administration,
  | 'retry'
  | 'promote'
  | 'changeDelay'
  | 'changePriority'
  | 'updateData'
  | 'updateProgress'
  | 'cancel'
  | 'remove'
  | 'removeUnprocessedChildren'
  | 'removeChildDependency'
>;

/** What is done to one job from outside. */
export function jobCalls(store: Store): JobCalls {
  return {
    retry(queue, id, { state, resetAttemptsMade = false, resetAttemptsStarted = false } = {}) {
      const args: Arguments = [queue, id];
      optional(args, state);
      const resets = [...(resetAttemptsMade ? ['atm'] : []), ...(resetAttemptsStarted ? ['ats'] : [])];
      return store.did(scripts.retry, [...args, resets.length, ...resets]);
    },

    promote: (queue, id) => store.did(scripts.promote, [queue, id]),

    changeDelay: (queue, id, due) => store.did(scripts.changeDelay, [queue, id, due]),

    changePriority: (queue, id, priority, lifo) =>
      store.did(scripts.changePriority, [queue, id, priority, lifo ? 1 : 0]),

    async updateData(queue, id, data, token) {
      const args: Arguments = [];
      optional(args, data);
      return (await writeBeside(store, scripts.updateData, [queue, id, token], args)) !== undefined;
    },

    async updateProgress(queue, id, progress, token) {
      return (await writeBeside(store, scripts.updateProgress, [queue, id, token], [progress])) !== undefined;
    },

    cancel: (queue, id, reason) => store.did(scripts.cancel, [queue, id, reason]),

    async remove(queue, id, withChildren = true) {
      return (await store.once(scripts.remove, [queue, id, withChildren ? 1 : 0]))[0] as RemoveAnswer;
    },

    async removeUnprocessedChildren(queue, id) {
      while (await store.did(scripts.removeChildren, [queue, id]));
    },

    removeChildDependency: (queue, id) => store.did(scripts.removeChildDependency, [queue, id]),
  };
}
