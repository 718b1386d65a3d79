import { Queue, type Engine, type Job, type Worker } from 'stepstream';
import { SpyEngine } from '../support/spy-engine.js';
import { World } from '../support/world.js';
import { boundaryOf, strikeAt, whileWaiting, type Passage } from './boundary.js';
import { compiled, queueOf, type ProgramName } from './page.js';
import { lookAt, workOnChildren, type Played } from './played.js';
import { runProgram } from './program.js';

/** A program in a world with a clock of its own. Its processes share nothing but the store. */
export class Performance {
  readonly world = new World();
  /** What the steps have done. */
  readonly calls: string[] = [];
  readonly #program: ProgramName;

  constructor(program: ProgramName) {
    this.#program = program;
  }

  /** Adds a job that begins with the first step. */
  add(): Promise<Job> {
    return new Queue(queueOf(this.#program), { connection: this.world.engine }).add('job', { step: 0 });
  }

  /**
   * Starts a process.
   *
   * @param connection the store as it sees it
   * @param does resolves when the step's stuff is done
   */
  start(connection: Engine = this.world.engine, does?: (stuff: string) => Promise<void>): Worker {
    return runProgram(compiled(this.#program), {
      connection,
      Date: this.world.clock,
      does: (stuff) => {
        this.calls.push(stuff);
        return does?.(stuff);
      },
    });
  }

  lookAt(job: Job): Promise<Played> {
    return this.world.until(lookAt(this.world.engine, job, this.calls));
  }
}

export interface Cut extends Played {
  /** What the first process has called. */
  readonly made: readonly (keyof Engine)[];
}

/**
 * Runs a program in a process that is cut off from the store when it is struck, and then in another.
 *
 * @param passage what the calls of the first process pass through
 * @param waiting called when the job waits for its children
 */
export async function playCut(
  program: ProgramName,
  passage: (strike: () => void) => Passage = () => (_, proceed) => proceed(),
  strikesWhenWaiting = false,
): Promise<Cut> {
  const performance = new Performance(program);
  const { world, calls } = performance;
  const job = await performance.add();
  const spy = new SpyEngine(world.engine);
  const strike = (): void => {
    calls.push('|');
    spy.die();
  };
  const pass = passage(strike);
  spy.around = ({ method }, proceed) => pass(method, proceed);
  performance.start(spy.engine);
  const is = (...states: readonly string[]): boolean => states.includes(world.get(job).state);
  await world.when(() => spy.dead || is('waiting-children', 'completed', 'failed'));
  if (strikesWhenWaiting) strike();
  workOnChildren(world.engine);
  await world.when(() => spy.dead || is('completed', 'failed'));
  if (spy.dead) performance.start();
  await world.when(() => is('completed', 'failed'));
  return { ...(await performance.lookAt(job)), made: spy.calls.map(({ method }) => method) };
}

/** Runs a program once for each boundary at which its process dies; without one it lives on. */
export async function playInMemory(
  program: ProgramName,
  boundaries: readonly (string | undefined)[],
): Promise<readonly Played[]> {
  const all: Played[] = [];
  for (const text of boundaries) {
    const boundary = text === undefined || text === whileWaiting ? undefined : boundaryOf(text);
    const { made: _, ...played } = await playCut(
      program,
      boundary && ((strike) => strikeAt(boundary, strike)),
      text === whileWaiting,
    );
    all.push(played);
  }
  return all;
}
