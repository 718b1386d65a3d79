import { EMPTY, Observable, concat, defer, from, map, mergeMap, of, takeLast, type ObservableInput } from 'rxjs';
import type { Payload } from '../engine/records.js';
import { hashOf } from '../job/hash.js';
import type { StepContext } from './step-context.js';

/** What `checkpointMap` does with each of its items. */
export interface ItemSpec<V> {
  readonly project: (value: V, index: number, idempotencyKey: string) => ObservableInput<unknown>;
  readonly concurrency: number;
}

/** A gate whose values are items, for which work is done one by one. */
interface ItemGate {
  readonly name: string;
  /** What it is known by in the checkpoint. */
  readonly id: string;
  /** Whether somebody still waits for results: while saved ones are emitted, nothing else would stop the others. */
  readonly isOpen: () => boolean;
  /** Indices of the results that are noted and not acknowledged yet. */
  readonly unsaved: Set<number>;
}

interface Indexed {
  readonly index: number;
  readonly result: unknown;
}

/**
 * Runs the projection of those items that have no saved result, saves each result, and emits all of them in the order of
 * the items, each as soon as it and all before it are saved.
 */
export function runItems<V>(
  step: StepContext,
  gate: ItemGate,
  items: readonly V[],
  spec: ItemSpec<V>,
): Observable<unknown> {
  const fieldOf = (index: number): string => `i:${gate.id}:${index}`;
  const one = (item: V, index: number): Observable<Indexed> => {
    if (!gate.isOpen()) return EMPTY;
    const saved = step.progress.writer.get(fieldOf(index));
    if (saved !== undefined) {
      const result$ = gate.unsaved.has(index)
        ? whenSaved(step, saved || undefined)
        : of(step.progress.payloads.decode(saved || undefined));
      return result$.pipe(map((result) => ({ index, result })));
    }
    const key = (): string => hashOf(step.progress.idempotencyKey, 'item', gate.id, index);
    // without an emission the result is undefined, as a step's output would be
    const result$ = concat(
      of(undefined),
      defer(() => from(spec.project(item, index, key()))),
    );
    return result$.pipe(
      takeLast(1),
      mergeMap((result) => save(step, gate, fieldOf(index), index, result)),
      map((result) => ({ index, result })),
    );
  };
  return from(items).pipe(mergeMap(one, spec.concurrency), inOrder());
}

/** Emits what is stored of a result, when it is acknowledged. */
function save(step: StepContext, gate: ItemGate, field: string, index: number, result: unknown): Observable<unknown> {
  return defer(() => {
    const what = (): string => `a result of ${gate.name}`;
    const payload = step.progress.payloads.encode(result, what);
    step.progress.writer.set(field, payload ?? '', what());
    gate.unsaved.add(index);
    step.progress.writer.whenSaved(() => gate.unsaved.delete(index));
    return whenSaved(step, payload);
  });
}

/** Emits a value when all that is unsaved is acknowledged. */
function whenSaved(step: StepContext, payload: Payload | undefined): Observable<unknown> {
  return new Observable((subscriber) => {
    step.progress.writer.whenSaved(() => {
      if (!step.mayAnswer()) return;
      step.within(() => {
        subscriber.next(step.progress.payloads.decode(payload));
        subscriber.complete();
      });
    });
    step.schedule();
  });
}

function inOrder(): (source: Observable<Indexed>) => Observable<unknown> {
  return (source) =>
    defer(() => {
      const early = new Map<number, unknown>();
      let next = 0;
      return source.pipe(
        mergeMap(({ index, result }) => {
          early.set(index, result);
          if (index !== next) return EMPTY;
          const ready: unknown[] = [];
          for (; early.has(next); next++) {
            ready.push(early.get(next));
            early.delete(next);
          }
          return from(ready);
        }),
      );
    });
}
