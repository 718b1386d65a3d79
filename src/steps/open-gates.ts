/** A gate that is subscribed and hasn't passed its values on. */
export interface OpenGate {
  readonly name: string;
  /** Order of application in the step method. */
  readonly place: number;
  /** Order of opening. */
  readonly turn: number;
  /** The gates that were subscribing to their source when this one was opened. */
  readonly below: readonly OpenGate[];
  /** Whether its source is through, and it waits for a time or for children. */
  waits: boolean;
}

/** Whether a job can park: the gates of a step that are open, and which of them wait for which. */
export class OpenGates {
  readonly #open = new Set<OpenGate>();
  readonly #subscribing: OpenGate[] = [];
  #turns = 0;

  /** What a gate that opens now has to know of its turn. */
  next(): Pick<OpenGate, 'turn' | 'below'> {
    return { turn: this.#turns++, below: [...this.#subscribing] };
  }

  add(gate: OpenGate): void {
    this.#open.add(gate);
  }

  delete(gate: OpenGate): void {
    this.#open.delete(gate);
  }

  /** Runs the subscription of a gate to its source, so that gates which open meanwhile know that they stand in it. */
  subscribing(gate: OpenGate, subscribe: () => void): void {
    this.#subscribing.push(gate);
    try {
      subscribe();
    } finally {
      this.#subscribing.pop();
    }
  }

  /** Whether a gate waits, and every other waits too, itself or through one that does (G4). */
  canPark(): boolean {
    return this.#waiting().length > 0 && this.holding().length === 0;
  }

  /** The gates that hold the job: open, and neither waiting themselves nor through one that waits. */
  holding(): readonly OpenGate[] {
    const waiting = this.#waiting();
    return [...this.#open].filter((gate) => !gate.waits && !waiting.some((other) => waitsThrough(gate, other)));
  }

  #waiting(): readonly OpenGate[] {
    return [...this.#open].filter((gate) => gate.waits);
  }
}

/**
 * Whether `other` stands in the source of `gate`: it was opened while `gate` subscribed to its source, or, later, by
 * something in that source; then it was applied earlier, as the operators of a pipe are applied from the source down.
 */
function waitsThrough(gate: OpenGate, other: OpenGate): boolean {
  return other.below.includes(gate) || (gate.turn < other.turn && gate.place > other.place);
}
