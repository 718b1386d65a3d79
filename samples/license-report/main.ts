import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstValueFrom, fromEvent, map, merge } from 'rxjs';
import { createApp, type Job } from 'stepstream';
import { PackageProcessor } from './package-processor.js';
import { ReportProcessor } from './report-processor.js';
import { openScreen } from './screen.js';
import { checkpointText, watchReport } from './watch-report.js';
import type { ReportFile } from './write-report.js';

const folder = resolve(process.argv[2] ?? '.');
const file = fileURLToPath(new URL('out/licenses.txt', import.meta.url));

// Once: after the first signal Node's own handling is back, and a second Ctrl-C ends the process at once.
const interrupted = firstValueFrom(
  merge(fromEvent(process, 'SIGINT').pipe(map(() => 130)), fromEvent(process, 'SIGTERM').pipe(map(() => 143))),
);

// Without a connection the jobs are kept by an engine in this process.
const app = createApp({ processors: [ReportProcessor, PackageProcessor] });
await app.start();
const job: Job<unknown, ReportFile> = await app.queue(ReportProcessor).add('licenses', { folder, file });

const screen = openScreen(process.stdout);
const watching = watchReport(job, app.worker(PackageProcessor), screen);
try {
  const end = await Promise.race([job.result(), interrupted]).finally(() => watching.unsubscribe());
  if (typeof end === 'number') await stop(end);
  else console.log(`\n${end.text}\n\nSaved as ${end.file}`);
} catch (error) {
  console.error(`The report failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await app.close();
}

/** Lets the job go on to its next durable write, and says how far it has come. */
async function stop(exitCode: number): Promise<void> {
  await app.worker(ReportProcessor).close();
  const stopped = await app.queue(ReportProcessor).getJob(job.id);
  const saved = stopped?.progress ? checkpointText(stopped.progress) : 'nothing yet';
  screen.line('stopped', `the job is ${await job.getState()}, saved last: ${saved}`);
  console.log('The embedded engine forgets it with this process. On a shared store any worker would go on there.');
  process.exitCode = exitCode;
}
