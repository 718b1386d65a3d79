import { concat, of, type Observable } from 'rxjs';
import { Processor, Step, createApp, type Class, type StepJob } from 'stepstream';
import { stepsOf } from '../../src/steps/metadata.js';
import { compileClass } from '../support/compile.js';
import { codesOf, faultsOf } from '../support/faults.js';

describe('@Step', () => {
  it('S1: steps run in the order of declaration, each takes the output of the one before, the first undefined', async () => {
    @Processor('q')
    class Ordered {
      @Step() zeta(job: StepJob<string>, input?: unknown): Observable<unknown> {
        return of({ step: 'zeta', data: job.data, input: String(input) });
      }
      @Step() alpha(_job: StepJob<string>, input: unknown): Observable<unknown> {
        return concat(of('not the last value'), of({ step: 'alpha', input }));
      }
      @Step() mu({ outputs }: StepJob<string>, input: unknown): Observable<unknown> {
        return of({ input, outputs });
      }
    }
    const zeta = { step: 'zeta', data: 'data', input: 'undefined' };
    const alpha = { step: 'alpha', input: zeta };
    expect(await resultOf(Ordered)).toEqual({ input: alpha, outputs: { zeta, alpha } });
  });

  it("S1: a base class's steps run first, over two levels of inheritance, abstract bases too", async () => {
    abstract class Root {
      @Step() load(): Observable<string> {
        return of('root');
      }
      protected abstract suffix(): string;
    }
    abstract class Middle extends Root {
      @Step() convert(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, middle`);
      }
    }
    @Processor('q')
    class Leaf extends Middle {
      @Step({ after: 'convert' }) save(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, ${this.suffix()}`);
      }
      protected override suffix(): string {
        return 'leaf';
      }
    }
    expect(namesOf(Leaf)).toEqual(['load', 'convert', 'save']);
    expect(await resultOf(Leaf)).toBe('root, middle, leaf');
  });

  it('S1: a step that is overridden without @Step keeps its place and options, and runs the new method', async () => {
    class Base {
      @Step({ attempts: 7 }) first(): Observable<string> {
        return of('base');
      }
      @Step() second(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, second`);
      }
    }
    @Processor('q')
    class Sub extends Base {
      @Step() third(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, third`);
      }
      override first(): Observable<string> {
        return of('overridden');
      }
    }
    expect(stepsOf(Sub)).toEqual([
      { name: 'first', options: { attempts: 7 } },
      { name: 'second', options: {} },
      { name: 'third', options: {} },
    ]);
    expect(await resultOf(Sub)).toBe('overridden, second, third');
  });

  it("S1: a step that is overridden with @Step keeps the base's place and takes the newer options", async () => {
    class Base {
      @Step({ attempts: 7 }) first(): Observable<string> {
        return of('base');
      }
      @Step() second(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, second`);
      }
    }
    @Processor('q')
    class Sub extends Base {
      @Step() third(_job: StepJob, input: string): Observable<string> {
        return of(`${input}, third`);
      }
      @Step({ timeout: '1 s' }) override first(): Observable<string> {
        return of('overridden');
      }
    }
    expect(stepsOf(Sub).map(({ name, options }) => [name, options])).toEqual([
      ['first', { timeout: '1 s' }],
      ['second', {}],
      ['third', {}],
    ]);
    expect(await resultOf(Sub)).toBe('overridden, second, third');
    expect(stepsOf(Base)[0]).toEqual({ name: 'first', options: { attempts: 7 } });
  });

  it('S1: two classes with one base share no steps of their own', () => {
    class Base {
      @Step() base(): Observable<number> {
        return of(1);
      }
    }
    class Left extends Base {
      @Step() left(): Observable<number> {
        return of(1);
      }
    }
    class Right extends Base {
      @Step() right(): Observable<number> {
        return of(1);
      }
    }
    expect([namesOf(Left), namesOf(Right), namesOf(Base)]).toEqual([['base', 'left'], ['base', 'right'], ['base']]);
  });

  it("X1: steps may be called like members of Object: look-ups by name meet no prototype's", async () => {
    @Processor('q')
    class Names {
      @Step() toString(): any {
        return of('a');
      }
      @Step() ['__proto__'](_job: StepJob, input: string): Observable<string> {
        return of(`${input}b`);
      }
      @Step() hasOwnProperty(_job: any, input?: unknown): any {
        return of(`${String(input)}c`);
      }
      @Step() valueOf(_job?: StepJob, input?: unknown): any {
        return of(`${String(input)}d`);
      }
      @Step() ['constructor']({ outputs }: StepJob): Observable<unknown> {
        return of(Object.entries(outputs));
      }
    }
    expect(await resultOf(Names)).toEqual([
      ['toString', 'a'],
      ['__proto__', 'ab'],
      ['hasOwnProperty', 'abc'],
      ['valueOf', 'abcd'],
    ]);
  });

  it('X1: `after` and `was` may be called like members of Object: nothing is found that was not declared', () => {
    @Processor('q')
    class Names {
      @Step({ after: 'constructor' as 'only', was: ['__proto__', 'toString'] })
      only(): Observable<number> {
        return of(1);
      }
    }
    expect(codesOf({ processors: [Names] })).toEqual(['STEP_ORDER Names.only']);
  });

  it('a step on a property, an accessor, a static or a symbol member is reported by createApp, with class and member', () => {
    @Processor('q')
    class Wrong {
      // @ts-expect-error a property
      @Step() property = () => of(1);
      // @ts-expect-error an accessor
      @Step() get accessor(): unknown {
        return of(1);
      }
      @Step() static fixed(): Observable<number> {
        return of(1);
      }
      // @ts-expect-error a symbol
      @Step() [Symbol.iterator](): Observable<number> {
        return of(1);
      }
      @Step() right(): Observable<number> {
        return of(1);
      }
    }
    const faults = faultsOf({ processors: [Wrong] });
    expect(faults.map(({ code, at }) => `${code} ${at}`).sort()).toEqual([
      'STEP_ON_WRONG_TARGET Wrong.Symbol(Symbol.iterator)',
      'STEP_ON_WRONG_TARGET Wrong.accessor',
      'STEP_ON_WRONG_TARGET Wrong.fixed',
      'STEP_ON_WRONG_TARGET Wrong.property',
    ]);
    expect(faults[0]!.message).toContain('@Step stands on methods of instances only');
  });

  it('a mistake in a base class is reported with the name of the base', () => {
    class Base {
      @Step() static fixed(): Observable<number> {
        return of(1);
      }
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    @Processor('q')
    class Sub extends Base {}
    expect(codesOf({ processors: [Sub] })).toEqual(['STEP_ON_WRONG_TARGET Base.fixed']);
  });

  it('@Step twice on a method, or two steps of one name, are reported by createApp', () => {
    @Processor('q')
    class Twice {
      @Step() @Step() decorated(): Observable<number> {
        return of(1);
      }
    }
    const X = compileClass(`@Processor('q') class X { @Step() same() {} @Step() other() {} @Step() same() {} }`, {
      Processor,
      Step,
    });
    expect(codesOf({ processors: [Twice] })).toEqual(['DUPLICATE_STEP Twice.decorated']);
    expect(codesOf({ processors: [X] })).toContain('DUPLICATE_STEP X.same');
  });

  it('without parentheses it is reported by createApp, and leaves the method alone', () => {
    const X = compileClass(`@Processor('q') class X { @Step forgotten() { return 5; } @Step() step() {} }`, {
      Processor,
      Step,
    });
    expect(codesOf({ processors: [X] })).toEqual(['DECORATOR_NOT_CALLED X.forgotten']);
    expect((new X() as { forgotten(): unknown }).forgotten()).toBe(5);
    expect(Step(X.prototype as never, ...(['again', {}] as unknown as []))).toBeUndefined();
  });

  it('needs no type metadata from the compiler', async () => {
    const X = compileClass(
      `@Processor('q') class X {
        @Step() first() { return of('first'); }
        @Step({ after: 'first' }) second(job, input) { return of(input + ', second'); }
      }`,
      { Processor, Step, of },
    );
    expect(Reflect.getMetadataKeys(X.prototype, 'first')).toEqual([]);
    expect(await resultOf(X)).toBe('first, second');
  });

  it('standard decorators are reported by createApp, with the compiler option that is missing', () => {
    const source = `@Processor('q') class X { @Step() step() {} @Step() field = 1; @Step forgotten() {} @Step() static fixed() {} }`;
    const [fault, ...others] = faultsOf({ processors: [compileClass(source, { Processor, Step }, 'standard')] });
    expect(fault).toMatchObject({ code: 'STANDARD_DECORATORS', at: 'X' });
    expect(fault!.message).toContain('experimentalDecorators');
    expect(others.map(({ code }) => code)).toEqual(['NOT_A_PROCESSOR', 'NO_STEPS']);
  });
});

function namesOf(processor: Class): readonly string[] {
  return stepsOf(processor).map(({ name }) => name);
}

/** What one job of the processor results in. */
async function resultOf(processor: Class): Promise<unknown> {
  const app = createApp({ processors: [processor] });
  await app.start();
  const job = await app.queue('q').add('job', 'data');
  const result: unknown = await job.result();
  await app.close();
  return result;
}
