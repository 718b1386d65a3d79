import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';

/** BullMQ's page, as it is. */
export const page = readFileSync(join(__dirname, 'process-step-jobs.md'), 'utf8');

const [savedStep, delaying, waitingChildren, chainingFlows] = [
  ...page.matchAll(/^```typescript\n([\s\S]*?)^```$/gm),
].map(([, text]) => text!.replace("from 'bullmq'", "from 'stepstream'"));

export type ProgramName = 'savedStep' | 'delaying' | 'waitingChildren' | 'chainingFlows';

/** The page's TypeScript programs: nothing but the import is changed. */
export const programs = { savedStep, delaying, waitingChildren, chainingFlows } as Readonly<
  Record<ProgramName, string>
>;

/** A program as {@link runProgram} takes it: JavaScript, a function's body that answers the program's worker. */
export function compiled(name: ProgramName): string {
  const { code } = transformSync(programs[name], { loader: 'ts', format: 'cjs', target: 'es2022' });
  return `${code}\nreturn worker;`;
}

/** The queue of a program's jobs. */
export function queueOf(name: ProgramName): string {
  return /new Worker\(\s*'(\w+)'/.exec(programs[name])![1]!;
}
