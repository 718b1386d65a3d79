import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import parse from 'parse-prometheus-text-format';
import { of, throwError } from 'rxjs';
import { createApp, memoryEngine, type Engine } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { prometheus, type Prometheus } from 'stepstream/prometheus';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { faultsThrownBy } from '../support/faults.js';
import { processor } from '../support/processor.js';
import { start } from '../support/world.js';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: object;
    readonly buckets?: Record<string, string>;
  }[];
}

/** What a parser that is somebody else's makes of the text. */
async function read(figures: Prometheus): Promise<Readonly<Record<string, Family>>> {
  return Object.fromEntries((parse(await figures.text()) as Family[]).map((family) => [family.name, family]));
}

const labels = (queue: string): object => ({ messaging_system_name: 'stepstream', messaging_destination_name: queue });

describe('prometheus()', () => {
  const sdk = useOpenTelemetry();

  it('tells what was counted and measured, the depths of queues and the slots of workers', async () => {
    const figures = prometheus({ process: false });
    const world = await start(
      [processor({ charge: (job) => (job.data === 'bad' ? throwError(() => new Error('no')) : world.timer(3_000)) })],
      {
        telemetry: figures,
      },
    );
    const queue = world.app.queue('work');
    const good = await queue.add('order', 'good');
    const bad = await queue.add('order', 'bad');
    await queue.add('order', 'late', { delay: 3_600_000 });
    await world.until(Promise.allSettled([good.result(), bad.result()]));
    const all = await read(figures);
    expect(Object.fromEntries(Object.values(all).map(({ name, type }) => [name, type]))).toEqual({
      messaging_client_sent_messages_total: 'COUNTER',
      messaging_client_consumed_messages_total: 'COUNTER',
      stepstream_activations_total: 'COUNTER',
      messaging_client_operation_duration_seconds: 'HISTOGRAM',
      messaging_process_duration_seconds: 'HISTOGRAM',
      stepstream_step_duration_seconds: 'HISTOGRAM',
      stepstream_job_lateness_seconds: 'HISTOGRAM',
      stepstream_queue_jobs: 'GAUGE',
      stepstream_worker_jobs: 'GAUGE',
      stepstream_worker_concurrency: 'GAUGE',
    });
    expect(all['stepstream_activations_total']!.metrics).toEqual([
      { value: '1', labels: { ...labels('work'), stepstream_outcome: 'completed' } },
      { value: '1', labels: { ...labels('work'), stepstream_outcome: 'failed' } },
    ]);
    expect(all['stepstream_queue_jobs']!.metrics).toContainEqual({
      value: '1',
      labels: { ...labels('work'), stepstream_job_state: 'delayed' },
    });
    const finished = (await figures.text()).split('\n').filter((line) => /^stepstream_step.*"finished"/.test(line));
    const shown = finished.map((line) => line.replace(/\{.*?(le="[^"]*")?\}/, '{$1}'));
    expect(shown).toContain('stepstream_step_duration_seconds_bucket{le="2.5"} 0');
    expect(shown).toContain('stepstream_step_duration_seconds_bucket{le="5"} 1');
    expect(shown.slice(-3)).toEqual([
      'stepstream_step_duration_seconds_bucket{le="+Inf"} 1',
      'stepstream_step_duration_seconds_sum{} 3',
      'stepstream_step_duration_seconds_count{} 1',
    ]);
    await world.app.close();
    expect(await read(figures)).not.toHaveProperty('stepstream_queue_jobs'); // nothing is asked of what is closed
  });

  it('has the same figures as OpenTelemetry', async () => {
    const figures = prometheus({ process: false });
    const world = await start([processor({ only: () => of(1) })], {
      telemetry: [openTelemetry({ meterProvider: sdk().meterProvider }), figures],
    });
    await world.until((await world.app.queue('work').add('order', {})).result());
    const suffix = { COUNTER: '_total', HISTOGRAM: '_seconds', GAUGE: '' } as Record<string, string>;
    const told = Object.values(await read(figures)).map(({ name, type }) =>
      name.slice(0, name.length - suffix[type]!.length),
    );
    const names = (await sdk().collect()).map(({ descriptor: { name } }) => name.replaceAll('.', '_'));
    expect(told.toSorted()).toEqual(names.toSorted());
    expect(sdk().named('process work')).toHaveLength(1);
    await world.app.close();
  });

  it('escapes what stands in labels, and puts its own on every line', async () => {
    const figures = prometheus({ labels: { instance: 'a"b\\c\nd' } });
    figures.metrics.count('stepstream.activations', 1, { 'stepstream.outcome': 'completed' });
    const all = await read(figures);
    for (const { metrics } of Object.values(all)) expect(metrics[0]!.labels).toMatchObject({ instance: 'a"b\\c\nd' });
    expect(Number(all['process_resident_memory_bytes']!.metrics[0]!.value)).toBeGreaterThan(1e6);
  });

  it('refuses options that are wrong, all together, and labels that its figures have', () => {
    const names = { 'not-a-name': '', __own: '', le: '1', error_type: 'x', messaging_destination_name: 'work' };
    const wrong = { labels: names, prefix: 'a_', process: 'no' };
    expect(faultsThrownBy(() => prometheus(wrong as object))).toHaveLength(7);
    expect(faultsThrownBy(() => prometheus({ labels: null } as unknown as object))).toHaveLength(1);
  });

  it('of a store that cannot be reached it leaves out the queues', async () => {
    const figures = prometheus();
    const engine: Engine = { ...memoryEngine(), counts: () => Promise.reject(new Error('gone')) };
    const app = createApp({ connection: engine, telemetry: figures });
    await app.queue('work').add('order', {});
    const all = await read(figures);
    expect(all).not.toHaveProperty('stepstream_queue_jobs');
    expect(all['messaging_client_sent_messages_total']!.metrics).toMatchObject([{ value: '1' }]);
    await app.close();
  });

  it('calls an engine of your own as it is: a class may have private fields', async () => {
    class Own {
      readonly #real = memoryEngine();
      readonly clock = this.#real.clock;
      claim = this.#real.claim;
      checkpoint = this.#real.checkpoint;
      counts(queue: string): ReturnType<Engine['counts']> {
        return this.#real.counts(queue);
      }
    }
    const app = createApp({ connection: new Own() as unknown as Engine, telemetry: prometheus() });
    await expect(app.queue('work').getJobCounts('active')).resolves.toEqual({ active: 0 });
  });

  it('answers over HTTP, and breaks off what somebody has begun to answer', async () => {
    const figures = prometheus();
    const server = createServer((request, response) => {
      if (request.url === '/begun') response.writeHead(200).flushHeaders();
      figures.handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const body = await new Promise<string>((resolve, reject) => {
      get({ port, host: '127.0.0.1' }, (response) => {
        expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
    const begun = new Promise<string>((resolve) => {
      get({ port, host: '127.0.0.1', path: '/begun' }, (response) =>
        response.on('error', ({ message }) => resolve(message)).resume(),
      );
    });
    await expect(begun).resolves.toBe('aborted');
    await new Promise((resolve) => void server.close(resolve));
    expect(parse(body)).toContainEqual(expect.objectContaining({ name: 'process_cpu_seconds_total' }));
  });
});
