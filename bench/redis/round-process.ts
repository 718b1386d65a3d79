import type { Finding, Run, Task } from './round.js';
import { openStage, type Stage } from './stage.js';
import type { Workload } from './workload.js';

/** The process of a round: loads one side only, and sends what it has found. Its argument is the task, as JSON. */

const task = JSON.parse(process.argv[2]!) as Task;
process.once('disconnect', () => process.exit(1)); // the bench was stopped

const stage = openStage(task.url, task.profile);
const findings: Finding[] = [];
for (const run of task.runs) findings.push(await find(stage, run));
stage.close();
process.removeAllListeners('disconnect');
if (process.send) process.send(findings, () => process.exit());
else console.log(findings);

async function find(on: Stage, { row, workload, load, warmUp }: Run): Promise<Finding> {
  const { run } = (await import(`./${task.side}/${workload}.js`)) as { readonly run: Workload };
  if (warmUp > 0) {
    await on.clear();
    await run(on, { ...load, size: warmUp });
  }
  await on.clear();
  const figures = await run(on, load);
  return { row, ...figures, counts: { ...on.counts } };
}
