import type { Class } from '../index.js';

const connections = new WeakMap<Class, string>();

/**
 * Says on which connection a processor works. Without it, that is where its queue is registered, else the default one.
 *
 * @example
 * ```ts
 * @Processor('reports')
 * @UseConnection('archive')
 * class ReportProcessor { … }
 * ```
 */
export function UseConnection(name: string): <T extends Class>(target: T) => void {
  return (target) => void connections.set(target, name);
}

/** The connection that `@UseConnection` names, on the class itself. */
export function usedConnection(processor: Class): string | undefined {
  return connections.get(processor);
}
