import { of, type Observable } from 'rxjs';
import { Processor, Step, createApp } from 'stepstream';
import { compileClass } from '../support/compile.js';
import { codesOf, faultsOf } from '../support/faults.js';

/** Gives its subclasses a step. */
class Stepped {
  @Step() step(): Observable<number> {
    return of(1);
  }
}

describe('@Processor', () => {
  it('on a method, an accessor, a static member, a property or a parameter it is reported by createApp and makes no processor', () => {
    const X = compileClass(
      `class X extends Stepped {
        @Processor('a') method() {}
        @Processor('b') get accessor() {}
        @Processor('c') static fixed() {}
        @Processor('d') property = 1;
      }
      Processor('e')(X, undefined, 0);`,
      { Processor, Stepped },
    );
    expect([...codesOf({ processors: [X] })].sort()).toEqual([
      'NOT_A_PROCESSOR X',
      'PROCESSOR_ON_WRONG_TARGET X.accessor',
      'PROCESSOR_ON_WRONG_TARGET X.constructor',
      'PROCESSOR_ON_WRONG_TARGET X.fixed',
      'PROCESSOR_ON_WRONG_TARGET X.method',
      'PROCESSOR_ON_WRONG_TARGET X.property',
    ]);
  });

  it('on a member of a processor it is reported too, and the class keeps its queue', () => {
    const X = compileClass(`@Processor('right') class X extends Stepped { @Processor('wrong') static fixed() {} }`, {
      Processor,
      Stepped,
    });
    expect(codesOf({ processors: [X] })).toEqual(['PROCESSOR_ON_WRONG_TARGET X.fixed']);
    expect(createApp().queue(X).name).toBe('right');
  });

  it.each([undefined, null, 5, 'text', Symbol('s')])('on %p it throws nothing', (target) => {
    expect(() => Processor('q')(target as never)).not.toThrow();
    expect(() => (Step() as (target: unknown, name: string) => void)(target, 'name')).not.toThrow();
  });

  it('twice on a class it is reported by createApp', () => {
    @Processor('one')
    @Processor('two')
    class Twice extends Stepped {}
    expect(codesOf({ processors: [Twice] })).toEqual(['DUPLICATE_PROCESSOR Twice']);
  });

  it('without parentheses it is reported by createApp, and leaves the class alone', () => {
    const X = compileClass(`@Processor class X extends Stepped {}`, { Processor, Stepped });
    expect(new X()).toBeInstanceOf(Stepped);
    expect(codesOf({ processors: [X] })).toEqual(['DECORATOR_NOT_CALLED X', 'NOT_A_PROCESSOR X']);
  });

  it('is not inherited: a class that extends a processor needs one of its own', () => {
    @Processor('base')
    class Base extends Stepped {}
    class Bare extends Base {}
    @Processor('own')
    class Own extends Base {}
    const [fault] = faultsOf({ processors: [Base, Bare, Own] });
    expect(fault).toMatchObject({ code: 'NOT_A_PROCESSOR', at: 'Bare' });
    expect(fault!.message).toContain('not inherited');
    expect(createApp({ processors: [Base, Own] }).queue(Own).name).toBe('own');
  });

  it('works on a class without a name, and on one with a static member called name', () => {
    const anonymous = (() => class extends Stepped {})();
    class Named {
      static readonly name = 5 as never;
      readonly member = 1;
    }
    expect(codesOf({ processors: [anonymous, Named] })).toEqual([
      'NOT_A_PROCESSOR (anonymous class)',
      'NOT_A_PROCESSOR (anonymous class)',
      'NO_STEPS (anonymous class)',
    ]);
  });

  it('needs no type metadata from the compiler', () => {
    const X = compileClass(`@Processor('q') class X extends Stepped {}`, { Processor, Stepped });
    expect(Reflect.getMetadataKeys(X)).toEqual([]);
    expect(codesOf({ processors: [X] })).toEqual([]);
  });
});
