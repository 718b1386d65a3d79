import { Subscriber, type Subscription } from 'rxjs';

/** A gate that is subscribed and hasn't passed its values on. */
export interface OpenGate {
  readonly name: string;
  /** Order of application in the step method. */
  readonly place: number;
  /** Order of opening. */
  readonly turn: number;
  /** The gates that were subscribing to their source when this one was opened. */
  readonly below: readonly OpenGate[];
  /** Those who wait for its values. */
  readonly subscribers: ReadonlySet<Subscriber<unknown>>;
  /** Its own subscription to its source. */
  readonly source: Subscription | undefined;
  /** Whether its source is through, and it waits for a time or for children. */
  waits: boolean;
}

/** Whether a job can park: the gates of a step that are open, and which of them wait for which. */
export class OpenGates {
  readonly #open = new Set<OpenGate>();
  readonly #top: () => Subscription | undefined;
  readonly #subscribing: OpenGate[] = [];
  #turns = 0;

  /** @param top the subscription to the whole step */
  constructor(top: () => Subscription | undefined) {
    this.#top = top;
  }

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

  /** Whether any waits. */
  get wait(): boolean {
    return this.#waiting().length > 0;
  }

  /** The gates that hold the job: open, and neither waiting themselves nor through one that waits. */
  holding(): readonly OpenGate[] {
    const waiting = this.#waiting();
    return [...this.#open].filter(
      (gate) => !gate.waits && !waiting.some((other) => waitsThrough(gate, other, this.#open, this.#top())),
    );
  }

  #waiting(): readonly OpenGate[] {
    return [...this.#open].filter((gate) => gate.waits);
  }
}

/**
 * Whether `other` stands in the source of `gate`. Where RxJS lets it be seen, by who subscribed to whom. Where it doesn't (a
 * `share()` is between), by order: `other` was opened while `gate` subscribed to its source, or later, but was applied
 * earlier, as the operators of a pipe are applied from the source down.
 */
function waitsThrough(
  gate: OpenGate,
  other: OpenGate,
  open: ReadonlySet<OpenGate>,
  top: Subscription | undefined,
): boolean {
  return (
    isSeenAbove(gate, other, open, top) ??
    (other.below.includes(gate) || (gate.turn < other.turn && gate.place > other.place))
  );
}

/** `undefined`: it can't be seen. */
function isSeenAbove(
  gate: OpenGate,
  other: OpenGate,
  open: ReadonlySet<OpenGate>,
  top: Subscription | undefined,
): boolean | undefined {
  const { sources, unknown } = endsOf(other, open, top);
  if (gate.source && sources.has(gate.source)) return true;
  // what leads into the same share() as the gate stands beside it: it would have led through the gate
  const beside = unknown.size === 0 ? unknown : endsOf(gate, open, top).unknown;
  return [...unknown].every((end) => beside.has(end)) ? false : undefined;
}

interface Ends {
  /** Open gates' subscriptions to their sources. */
  readonly sources: Set<Subscription>;
  /** Where the chain is lost: the far side of a Subject can't be seen. */
  readonly unknown: Set<unknown>;
}

/** Where a gate's values lead to, through other open gates too. */
function endsOf(
  gate: OpenGate,
  open: ReadonlySet<OpenGate>,
  top: Subscription | undefined,
  ends: Ends = { sources: new Set(), unknown: new Set() },
): Ends {
  for (const subscriber of gate.subscribers) {
    const end = endOf(subscriber);
    const below = [...open].find(({ source }) => source !== undefined && source === end);
    if (!below?.source) {
      if (end !== top) ends.unknown.add(end);
    } else if (!ends.sources.has(below.source)) {
      ends.sources.add(below.source);
      endsOf(below, open, top, ends);
    }
  }
  return ends;
}

/** The subscription that a chain of operators' subscribers leads to: a gate's to its source, or the step's own. */
function endOf(subscriber: Subscriber<unknown>): unknown {
  let at: { readonly destination?: unknown } = subscriber as unknown as { readonly destination?: unknown };
  // a protected member of RxJS 7's Subscriber: where it is missing, order decides
  while (at.destination instanceof Subscriber) at = at.destination as unknown as { readonly destination?: unknown };
  return at;
}
