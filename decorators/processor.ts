import 'reflect-metadata';
import { injectable } from 'tsyringe';
import { recordFor, type Class, type Mistake, type ProcessorOptions } from '../src/steps/metadata.js';

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
  return (target: unknown, ...place: Place): void => {
    const record = recordFor(target);
    const mistake = misplaced(target, place) ?? (record.processor && twice);
    if (mistake) record.mistakes.push(mistake);
    else {
      record.processor = { queue, options };
      injectable()(target as Class);
    }
  };
}

/** What follows the target: nothing for a class, a member's name or more, or a standard decorator's context. */
type Place = readonly (string | symbol | number | DecoratorContext | undefined)[];

const twice: Mistake = {
  code: 'DUPLICATE_PROCESSOR',
  message: 'the class has @Processor twice: make two classes, or give one the job names of both',
};

const standard: Mistake = {
  code: 'STANDARD_DECORATORS',
  message:
    'the compiler emits standard decorators: set "experimentalDecorators" (tsc, esbuild) or "legacyDecorator" (swc) to true',
};

/** A class decorator is given the class alone; a standard one is given a context too. */
function misplaced(target: unknown, place: Place): Mistake | undefined {
  const [member = 'constructor'] = place;
  if (typeof member === 'object') return standard;
  if (typeof target === 'function' && place.length === 0) return undefined;
  const message = '@Processor stands on classes only, not on their members or parameters';
  return { code: 'PROCESSOR_ON_WRONG_TARGET', member: String(member), message };
}
