import { of } from 'rxjs';
import { addChildren, awaitChildren, checkpoint, checkpointMap, delay } from 'stepstream';
import { runStep } from '../support/run-step.js';

const any = (value: unknown): never => value as never;

describe('arguments of operators', () => {
  it.each([
    ['checkpoint({ kee })', () => checkpoint(any({ kee: 'k' })), 'there is no option "kee"'],
    ['checkpoint(null)', () => checkpoint(any(null)), 'the options must be an object'],
    ['checkpoint with a bad key', () => checkpoint({ key: 'a b' }), 'key must be a name'],
    ['delay with an unknown option', () => delay(5, any({ ms: 1 })), 'there is no option "ms"'],
    [
      'addChildren({ detatched })',
      () => addChildren(() => [], any({ detatched: true })),
      'there is no option "detatched"',
    ],
    ['addChildren without a function', () => addChildren(any('kid')), 'childrenOf must be a function'],
    ['awaitChildren({ setled })', () => awaitChildren(() => [], any({ setled: true })), 'there is no option "setled"'],
    ['awaitChildren(null)', () => awaitChildren(any(null)), 'childrenOf must be a function'],
    ['checkpointMap({ concurency })', () => checkpointMap(() => of(1), any({ concurency: 4 })), 'there is no option'],
    ['checkpointMap without a function', () => checkpointMap(any(undefined)), 'project must be a function'],
  ])('%s is refused at the call, with a code and the way out', (_, apply, message) => {
    expect(apply).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining(message) }),
    );
  });

  it('all faults of a call are named together', () => {
    expect(() => checkpointMap(any(1), any({ concurrency: 0, kee: 1 }))).toThrow(
      /concurrency must be[\s\S]*kee[\s\S]*project must be/,
    );
  });

  it('a misspelt property of a child is refused, as it would be ignored in silence', () => {
    const ran = runStep(() => of(1).pipe(awaitChildren(() => any({ queue: 'kids', name: 'k', options: {} }))));
    expect(ran).toMatchObject({ state: 'failed', code: 'INVALID_CHILD' });
    expect(ran.reason).toContain('no property options');
  });
});
