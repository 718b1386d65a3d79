import { findRxjsDelays } from '../../lint/find-rxjs-delays.js';
import { finding, ok, skipped, type Check } from './check.js';

/** Rxjs' own `delay` in files that have to do with steps. */
export async function sourceChecks(folder: string): Promise<readonly Check[]> {
  const delays = await findRxjsDelays(folder);
  const id = 'rxjs-delay';
  if (!delays.looked) return [skipped(id, `not looked for rxjs' own delay: ${delays.reason}`)];
  const { files, found } = delays;
  if (found.length === 0)
    return [ok(id, `rxjs' own delay stands in no file that has to do with steps (${files} files looked at)`)];
  return found.map(({ file, line, column }) =>
    finding('problem', id, {
      found: `${file}:${line}:${column}: delay of rxjs, in a file that has to do with steps`,
      why: 'it holds the worker for as long as it lasts, and begins anew when the process ends',
      fix: "import { delay } from 'stepstream'",
    }),
  );
}
