/** Whether an app is closed, for those who follow its jobs: an AbortSignal walks all its listeners for each that is added. */
export class Closing {
  #closed = false;
  readonly #listeners = new Set<() => void>();

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls `listener` when it closes. @returns takes it back */
  onClose(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
