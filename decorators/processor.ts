import 'reflect-metadata';
import { injectable } from 'tsyringe';
import { recordFor, standardDecorators, type Class, type ProcessorOptions } from '../src/steps/metadata.js';

/**
 * Makes a class the processor of a queue's jobs; its steps are the methods with `@Step`. Several processors share a
 * queue when `job` names whose jobs each takes. The class is made injectable for tsyringe, too.
 *
 * @remarks It is not inherited: a class that extends a processor has the steps of its base, and no queue of its own.
 * @example
 * ```ts
 * @Processor('orders', { concurrency: 50 })
 * class OrderProcessor { … }
 * ```
 */
export function Processor(queue: string, options: ProcessorOptions = {}): <T extends Class>(target: T) => void {
  if (typeof queue === 'function') {
    const message = "write @Processor('queue'), with the queue's name";
    recordFor(queue).mistakes.push({ code: 'DECORATOR_NOT_CALLED', message });
    return undefined as never; // what a decorator returns would replace the class
  }
  return (target: unknown, ...place: readonly (string | symbol | undefined)[]): void => {
    const record = recordFor(target);
    const standard = standardDecorators(place[0]);
    if (standard) record.mistakes.push(standard);
    else if (typeof target !== 'function' || place.length > 0) {
      const member = String(place[0] ?? 'constructor');
      const message = '@Processor stands on classes only, not on their members or parameters';
      record.mistakes.push({ code: 'PROCESSOR_ON_WRONG_TARGET', member, message });
    } else if (record.processor) {
      const message = 'the class has @Processor twice: make two classes, or give one the job names of both';
      record.mistakes.push({ code: 'DUPLICATE_PROCESSOR', message });
    } else {
      record.processor = { queue, options };
      injectable()(target as Class);
    }
  };
}
