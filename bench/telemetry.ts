import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { of } from 'rxjs';
import { createApp, Processor, Step, type StepJob, type AppOptions } from 'stepstream';

/**
 * What telemetry costs, on the embedded engine, where nothing else costs much. Each round is a process of its own, the kinds in
 * turn; a ratio is that of two neighbours. Run by `npm run bench:telemetry`; `-- --against <folder>` compares with another
 * checkout, built, without telemetry, as a further kind.
 */

@Processor('five', { concurrency: 100 })
class FiveSteps {
  @Step() a(job: StepJob<number>) {
    return of(job.data);
  }
  @Step() b(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() c(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() d(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() e(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
}

type Kind = 'off' | 'prometheus' | 'OpenTelemetry without an SDK' | 'OpenTelemetry, every span exported to memory';

const kinds: readonly Kind[] = [
  'off',
  'prometheus',
  'OpenTelemetry without an SDK',
  'OpenTelemetry, every span exported to memory',
];
const jobs = 20_000;
const rounds = 9;

async function optionsOf(kind: Kind): Promise<AppOptions> {
  if (kind === 'off') return {};
  if (kind === 'prometheus') return { telemetry: (await import('stepstream/prometheus')).prometheus() };
  const { openTelemetry } = await import('stepstream/opentelemetry');
  if (kind === 'OpenTelemetry without an SDK') return { telemetry: openTelemetry() };
  const { context } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } =
    await import('@opentelemetry/sdk-trace-base');
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spanProcessors = [new BatchSpanProcessor(new InMemorySpanExporter())];
  const tracerProvider = new BasicTracerProvider({ spanProcessors });
  return { telemetry: openTelemetry({ tracerProvider, meterProvider: new MeterProvider() }) };
}

/** Processor time of this process in µs per job: of the second run, when the code is compiled. Other work disturbs it less than a rate. */
async function cost(kind: Kind): Promise<number> {
  const options = await optionsOf(kind);
  let perJob = 0;
  for (let run = 0; run < 2; run++) {
    const app = createApp({ processors: [FiveSteps], ...options });
    for (let at = 0; at < jobs; at += 1_000) {
      await app.queue('five').addBulk(Array.from({ length: 1_000 }, (_, n) => ({ name: 'job', data: at + n })));
    }
    const drained = new Promise<void>((resolve) => void app.worker(FiveSteps).once('drained', () => resolve()));
    const before = process.cpuUsage();
    await app.start();
    await drained;
    const { user, system } = process.cpuUsage(before);
    perJob = (user + system) / jobs;
    await app.close();
  }
  return perJob;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function compare(other: string | undefined): void {
  const script = (checkout: string): string => join(checkout, 'dist/bench/telemetry.js');
  const all = kinds.map((kind) => ({ kind, name: kind as string, checkout: process.cwd() }));
  if (other !== undefined) all.unshift({ kind: 'off', name: `off, in ${other}`, checkout: other });
  const costs = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { kind, name, checkout } of round % 2 ? all.toReversed() : all) {
      const perJob = Number(
        execFileSync(process.execPath, [script(checkout), kind], { cwd: checkout, encoding: 'utf8' }),
      );
      costs.get(name)!.push(perJob);
    }
  }
  console.log(
    `Node ${process.version}, ${cpus()[0]!.model.trim()}, ${cpus().length} cores; medians of ${rounds} rounds.\n`,
  );
  console.log('| telemetry | CPU per job of five steps | to off (rounds) |\n| --- | --- | --- |');
  for (const [name, own] of costs) {
    const ratios = own.map((each, round) => each / costs.get('off')![round]!);
    const span = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    console.log(`| ${name} | ${Math.round(median(own))} µs | ${median(ratios).toFixed(2)}× (${span}) |`);
  }
}

const [first, second] = process.argv.slice(2);
if (kinds.includes(first as Kind)) console.log(await cost(first as Kind));
else compare(first === '--against' ? second : undefined);
