import type { Awaitable } from '../../src/engine/awaitable.js';
import type { Claimed } from '../../src/engine/engine.js';
import type { Engine, Lease, Write } from 'stepstream';
import type { Line, Unsigned } from './log-file.js';

/** What is asked of the store. */
export type CallKind =
  | 'claim'
  | 'renew'
  | 'recoverStalled'
  | 'children'
  | 'checkpoint'
  /** A checkpoint with children to add. */
  | 'addChildren'
  | 'moveToDelayed'
  | 'moveToWaitingChildren'
  /** The same, with children to add. */
  | 'awaitChildren'
  | 'complete'
  | 'fail'
  | 'release';

/**
 * Where a worker kills or stops itself: before or after the n-th call of a kind, from 1. The answer to a claim or to a look for
 * the jobs of the dead counts when it isn't empty.
 */
export interface Boundary {
  readonly kind: CallKind;
  readonly nth: number;
  /** `after`: the store has done it, and the worker doesn't hear of it. */
  readonly when: 'before' | 'after';
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export type Note = (line: Unsigned<Line>) => void;

/** Notes what a worker asks of an engine, and strikes at its boundary. */
export class WatchedEngine {
  readonly engine: Engine;
  readonly #note: Note;
  readonly #boundary: Boundary | undefined;
  #passed = 0;
  /** By job: the activation's lease, and what its next write saves. */
  readonly #activations = new Map<string, { readonly token: string; effects: string[] }>();

  constructor(engine: Engine, note: Note, boundary: Boundary | undefined) {
    this.#note = note;
    this.#boundary = boundary;
    const write = <A>(kind: CallKind, lease: Lease, { seq }: Write, call: () => Awaitable<A>): Promise<A> =>
      this.#write(kind, lease, seq, call);
    const addsChildren = ({ children }: Write): boolean => children !== undefined && children.length > 0;
    this.engine = {
      ...engine,
      claim: (queue, options) => this.#claim(() => engine.claim(queue, options)),
      renew: (leases, lockDuration) => this.#through('renew', () => engine.renew(leases, lockDuration)),
      recoverStalled: (queue, count) =>
        this.#through(
          'recoverStalled',
          () => engine.recoverStalled(queue, count),
          ({ recovered }) => recovered.length > 0,
        ),
      children: (queue, id, group) => this.#through('children', () => engine.children(queue, id, group)),
      checkpoint: (lease, content) =>
        write(addsChildren(content) ? 'addChildren' : 'checkpoint', lease, content, () =>
          engine.checkpoint(lease, content),
        ),
      moveToDelayed: (lease, content, due) =>
        write('moveToDelayed', lease, content, () => engine.moveToDelayed(lease, content, due)),
      moveToWaitingChildren: (lease, content, waiting) =>
        write(addsChildren(content) ? 'awaitChildren' : 'moveToWaitingChildren', lease, content, () =>
          engine.moveToWaitingChildren(lease, content, waiting),
        ),
      complete: (lease, content, ...rest) =>
        write('complete', lease, content, () => engine.complete(lease, content, ...rest)),
      fail: (lease, content, ...rest) => write('fail', lease, content, () => engine.fail(lease, content, ...rest)),
      release: (lease, content) => write('release', lease, content, () => engine.release(lease, content)),
    };
  }

  /** The job's activation does something: notes it, and answers what is to be called when its value is passed on. */
  effect(job: string, effect: string, idempotencyKey: string): () => void {
    const activation = this.#activations.get(job)!;
    this.#note({ type: 'effect', job, token: activation.token, effect, idempotencyKey });
    return () => void activation.effects.push(effect);
  }

  #claim(call: () => Awaitable<readonly Claimed[]>): Promise<readonly Claimed[]> {
    const noted = async (): Promise<readonly Claimed[]> => this.#claimed(await call());
    return this.#through('claim', noted, ({ length }) => length > 0);
  }

  #claimed(claimed: readonly Claimed[]): readonly Claimed[] {
    for (const { lease } of claimed) {
      const [job, token] = [`${lease.queue}:${lease.jobId}`, lease.token];
      this.#activations.set(job, { token, effects: [] });
      this.#note({ type: 'claimed', job, token });
    }
    return claimed;
  }

  async #write<A>(kind: CallKind, { queue, jobId, token }: Lease, seq: number, call: () => Awaitable<A>): Promise<A> {
    const job = `${queue}:${jobId}`;
    const activation = this.#activations.get(job);
    const effects = activation?.token === token ? activation.effects.splice(0) : [];
    this.#note({ type: 'write', kind, job, token, seq, effects });
    try {
      return await this.#through(kind, call);
    } catch (error) {
      this.#note({ type: 'refused', job, token, seq, code: String((error as { code?: unknown }).code) });
      throw error;
    }
  }

  async #through<A>(kind: CallKind, call: () => Awaitable<A>, counts: (answer: A) => boolean = () => true): Promise<A> {
    this.#at(kind, 'before');
    const answer = await call();
    if (counts(answer)) this.#at(kind, 'after');
    return answer;
  }

  #at(kind: CallKind, when: 'before' | 'after'): void {
    const boundary = this.#boundary;
    if (kind !== boundary?.kind || when !== boundary.when || ++this.#passed !== boundary.nth) return;
    this.#note({ type: 'boundary', kind, when });
    process.kill(process.pid, boundary.signal);
  }
}
