import { array, assert, boolean, integer, oneof, property, record } from 'fast-check';
import { Heap, type Entry } from '../../../src/engine/memory/heap.js';

const inOrder = (entries: readonly Entry<number>[]): readonly number[] =>
  [...entries].sort((a, b) => a.key - b.key || a.turn - b.turn).map(({ item }) => item);

describe('Heap', () => {
  it('is empty at first', () => {
    const heap = new Heap<number>();
    expect(heap.size).toBe(0);
    expect(heap.first()).toBeUndefined();
    expect(heap.sorted()).toEqual([]);
  });

  it('orders by key, then by turn', () => {
    const heap = new Heap<string>();
    heap.add('later', 2, 0);
    heap.add('second', 1, 5);
    heap.add('first', 1, -3);
    heap.add('never', Infinity, 0);
    expect(heap.sorted()).toEqual(['first', 'second', 'later', 'never']);
    expect(heap.first()?.item).toBe('first');
  });

  it('removes an entry once', () => {
    const heap = new Heap<string>();
    const a = heap.add('a', 1, 0);
    heap.add('b', 2, 1);
    heap.remove(a);
    heap.remove(a);
    expect(heap.sorted()).toEqual(['b']);
    expect(a.at).toBe(-1);
  });

  it('does as a sorted array does, whatever is added and removed', () => {
    const add = record({ key: integer({ min: -5, max: 5 }) });
    const remove = record({ place: integer({ min: 0, max: 200 }), first: boolean() });
    const check = property(array(oneof(add, add, remove), { maxLength: 200, size: 'max' }), (steps) => {
      const heap = new Heap<number>();
      let model: Entry<number>[] = [];
      for (const [turn, step] of steps.entries()) {
        if ('key' in step) model.push(heap.add(turn, step.key, step.key % 2 === 0 ? turn : -turn));
        else {
          const entry = step.first ? heap.first() : model[step.place % (model.length || 1)];
          if (!entry) continue;
          heap.remove(entry);
          model = model.filter((each) => each !== entry);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.first()?.item).toBe(inOrder(model)[0]);
      }
      expect(heap.sorted()).toEqual(inOrder(model));
      const drained: number[] = [];
      for (let first = heap.first(); first; first = heap.first()) {
        drained.push(first.item);
        heap.remove(first);
      }
      expect(drained).toEqual(inOrder(model));
    });
    assert(check, { numRuns: 300, seed: 1 });
  });

  it('compares as often as the logarithm says', () => {
    const heap = new Heap<number>();
    let looks = 0;
    const key = (value: number): number => ({ valueOf: () => (looks++, value) }) as unknown as number;
    const entries = Array.from({ length: 10_000 }, (_, turn) => heap.add(turn, key(-turn), turn));
    for (const entry of entries) heap.remove(entry);
    expect(heap.size).toBe(0);
    expect(looks).toBeLessThan(10_000 * Math.log2(10_000) * 10); // by search it would be 50 million
  });
});
