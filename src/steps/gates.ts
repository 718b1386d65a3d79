import type { Observable } from 'rxjs';
import { ConfigurationError, DuplicateGateKeyError, GateLoopError, TooManyGatesError } from '../errors.js';
import { isName, nameRule } from '../engine/names.js';
import type { Waiting } from '../engine/engine.js';
import type { GateSpec } from './gate-spec.js';
import { Gate } from './gate.js';
import { OpenGates } from './open-gates.js';
import type { StepContext } from './step-context.js';

const mostGates = 100;
const mostAnswersPerTurn = 1_000;

/** A gate, whatever the type of its values. */
type PlacedGate = Pick<
  Gate<unknown>,
  'waits' | 'awaits' | 'settles' | 'due' | 'group' | 'reconsider' | 'arm' | 'disarm'
>;

/** The gates of one step, known by their places: it gives them out, and asks them all. */
export class Gates {
  readonly open: OpenGates;
  readonly #step: StepContext;
  readonly #gates: PlacedGate[] = [];
  readonly #kinds: string[] = [];
  readonly #keys = new Set<string>();
  #turn = -1;
  #answers = 0;

  constructor(step: StepContext) {
    this.#step = step;
    this.open = new OpenGates(() => step.subscription);
  }

  /** The kinds of the gates that have a place, in its order. */
  get kinds(): readonly string[] {
    return this.#kinds;
  }

  /** @throws TooManyGatesError, DuplicateGateKeyError */
  place<V>(source: Observable<V>, spec: GateSpec<V>): Observable<unknown> {
    if (this.#gates.length >= mostGates) {
      throw new TooManyGatesError(`step ${this.#step.name} has more than ${mostGates} gates: split the step`);
    }
    const gate = new Gate(this.#step, this, source, spec, this.#gates.length, this.#identify(spec));
    this.#gates.push(gate);
    return gate.passed;
  }

  /** A gate without a key is known by its place; one with a key takes no place. */
  #identify({ kind, key }: Pick<GateSpec<unknown>, 'kind' | 'key'>): string {
    if (key === undefined) return String(this.#kinds.push(kind) - 1);
    if (!isName(key))
      throw new ConfigurationError(`${kind}() can not be applied:`, [
        { code: 'INVALID_NAME', at: `step ${this.#step.name}`, message: `its key won't do: ${nameRule}` },
      ]);
    if (this.#keys.has(key)) {
      throw new DuplicateGateKeyError(`step ${this.#step.name} has two gates with the key "${key}": rename one`);
    }
    this.#keys.add(key);
    return `=${key}`;
  }

  /**
   * What a job that parks now waits for.
   *
   * @param failuresSeen failures among the job's other children that its steps know of
   */
  waiting(failuresSeen: number): Waiting {
    const waiting = this.#gates.filter((gate) => gate.waits);
    const dues = waiting.map((gate) => gate.due).filter((due) => due !== undefined);
    const groups = waiting.filter((gate) => gate.awaits === 'own').map((gate) => gate.group);
    const others = waiting.filter((gate) => gate.awaits === 'others');
    const tolerant = others.every((gate) => gate.settles);
    return {
      ...(groups.length > 0 && { groups }),
      ...(others.length > 0 && { all: { failuresSeen: tolerant ? Infinity : failuresSeen } }),
      ...(dues.length > 0 && { due: Math.min(...dues) }),
    };
  }

  reconsider(): void {
    for (const gate of this.#gates) gate.reconsider();
  }

  /** The job doesn't park now: gates that wait pass in place when they are due. */
  arm(): void {
    for (const gate of this.#gates) gate.arm();
  }

  /** Takes their timers back. */
  disarm(): void {
    for (const gate of this.#gates) gate.disarm();
  }

  /** Counts an answer of a gate. @throws GateLoopError when there are more than any program means to have */
  countAnswer(name: string): void {
    const turn = this.#step.turn.number();
    if (turn !== this.#turn) this.#answers = 0;
    this.#turn = turn;
    if (++this.#answers <= mostAnswersPerTurn) return;
    throw new GateLoopError(
      `${name} answered more than ${mostAnswersPerTurn} times without a return to the event loop: a passed gate never ` +
        'runs its source again, so repeat() and retry() above it spin. To repeat something durably, use a step of its own.',
    );
  }
}
