import type { Awaitable } from '../engine/awaitable.js';
import { gauges, type GaugeName } from './figures.js';
import type { Observation } from './telemetry.js';

type Ask = () => Awaitable<readonly Observation[]>;

/**
 * All who answer for one gauge, as one: a queue and its worker may each have been given the same telemetry. For who implements
 * `Metrics`.
 */
export class GaugeSources {
  readonly #isOfStore: boolean;
  readonly #asked = new Set<Ask>();

  constructor(gauge: GaugeName) {
    this.#isOfStore = gauges[gauge].of === 'store';
  }

  /** @returns takes it back */
  add(ask: Ask): () => void {
    this.#asked.add(ask);
    return () => void this.#asked.delete(ask);
  }

  /** Each attributes' value stands once: what is the store's is the same for all, what is the process's adds up. Never rejects. */
  async observations(): Promise<readonly Observation[]> {
    const answers = await Promise.allSettled([...this.#asked].map(async (ask) => ask()));
    const byAttributes = new Map<string, Observation>();
    for (const answer of answers) {
      if (answer.status === 'rejected') continue; // the store can't be reached: its queues are missing then
      for (const { value, attributes } of answer.value) {
        const key = JSON.stringify(attributes);
        const before = this.#isOfStore ? 0 : (byAttributes.get(key)?.value ?? 0);
        byAttributes.set(key, { value: before + value, attributes });
      }
    }
    return [...byAttributes.values()];
  }
}
