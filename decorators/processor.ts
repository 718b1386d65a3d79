import 'reflect-metadata';
import { injectable } from 'tsyringe';
import { recordFor, type Class, type ProcessorOptions } from '../src/steps/metadata.js';

/**
 * Makes a class the processor of a queue's jobs; its steps are the methods with `@Step`. Several processors share a
 * queue when `job` names whose jobs each takes. The class is made injectable for tsyringe, too.
 *
 * @example
 * ```ts
 * @Processor('orders', { concurrency: 50 })
 * class OrderProcessor { … }
 * ```
 */
export function Processor(queue: string, options: ProcessorOptions = {}): <T extends Class>(target: T) => void {
  return (target) => {
    recordFor(target).processor = { queue, options };
    injectable()(target);
  };
}
