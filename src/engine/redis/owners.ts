import { steadyTime, type Clock } from '../clock.js';

/** Milliseconds that a connection is gone before its jobs are taken over. A worker stops its activations sooner. */
const goneFor = 3_000;

/** Milliseconds between two looks after which all counts begin anew: who was gone may have been there in between. */
const longestPause = 2_500;

export interface OwnersHost {
  readonly clock: Clock;
  /** The names of those among the connections with these ids that Redis still knows. */
  alive(clientIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The names of all connections that Redis knows. */
  names(): Promise<readonly string[]>;
}

/**
 * Tells whose worker has died: its connection has been gone for 3 s, counted from the first sight of the gap (W3). An owner
 * is `<id of the connection>:<process>`; a worker that reconnects has another id, but its process in the connection's name.
 */
export class Owners {
  readonly #host: OwnersHost;
  #seen: readonly string[] = [];
  readonly #goneSince = new Map<string, number>();
  #lookedAt = 0;

  constructor(host: OwnersHost) {
    this.#host = host;
  }

  /** Those who hold leases now, of other processes. */
  see(owners: readonly string[]): void {
    this.#seen = owners;
    for (const owner of this.#goneSince.keys()) if (!owners.includes(owner)) this.#goneSince.delete(owner);
  }

  /** This process was away itself: what it has not seen, it can't judge. */
  forget(): void {
    this.#goneSince.clear();
  }

  async dead(): Promise<readonly string[]> {
    if (this.#seen.length === 0) return [];
    const now = steadyTime(this.#host.clock);
    if (now - this.#lookedAt > longestPause) this.forget();
    this.#lookedAt = now;
    const alive = await this.#host.alive(this.#seen.map(idOf));
    // after a restart of Redis ids begin anew: one may be another process' now
    let missing = this.#seen.filter((owner) => !alive.get(idOf(owner))?.endsWith(processOf(owner)));
    if (missing.length > 0) {
      const names = await this.#host.names();
      missing = missing.filter((owner) => !names.some((name) => name.endsWith(processOf(owner))));
    }
    for (const owner of this.#goneSince.keys()) if (!missing.includes(owner)) this.#goneSince.delete(owner);
    return missing.filter((owner) => {
      const since = this.#goneSince.get(owner) ?? now;
      this.#goneSince.set(owner, since);
      return now - since >= goneFor;
    });
  }
}

function idOf(owner: string): string {
  return owner.slice(0, owner.indexOf(':'));
}

function processOf(owner: string): string {
  return owner.slice(owner.indexOf(':') + 1);
}
