import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { of } from 'rxjs';
import { awaitChildren, type StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire, type Wire } from './wire.js';

type Command = readonly string[];

/** What BullMQ's scripts wrote, which all its clients share: a command per line. `RECORD=1` records it anew. */
const fileOf = (version: string): string => join(__dirname, `recorded-${version}.jsonl`);

function recorded(version: string): readonly Command[] {
  const lines = readFileSync(fileOf(version), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Command);
}

/** Long ago, so that a recording is the same whenever it is made, and what is delayed is due. */
const timestamp = 1_700_000_000_000;

/** Adds a job of each kind. */
async function add(wire: Wire): Promise<void> {
  const queue = wire.queue('work');
  await queue.waitUntilReady();
  await queue.add('standard', { text: 'ü "quoted"' }, { timestamp, attempts: 3, backoff: 1, removeOnComplete: 10 });
  await queue.add('delayed', [1, null], { timestamp, delay: 5 });
  await queue.add('prioritized', 'text', { timestamp, priority: 2, keepLogs: 3 });
  await wire.flow().add({
    name: 'parent',
    queueName: 'work',
    opts: { timestamp, jobId: 'parent' },
    children: [
      { name: 'child', queueName: 'work', data: 7, opts: { timestamp, jobId: 'child', failParentOnFailure: true } },
    ],
  });
}

const reads = /^(EXISTS|GET|HGET|HGETALL|HMGET|LLEN|LPOS|PTTL|SCARD|SISMEMBER|ZCARD|ZRANGE|ZREVRANGEBYSCORE|ZSCORE)$/i;

/** The commands of the scripts that write, as they were carried out. */
async function record(wire: Wire, act: () => Promise<void>): Promise<readonly Command[]> {
  const monitor = await wire.redis.monitor();
  const commands: Command[] = [];
  monitor.on('monitor', (_time: string, [command = '', ...args]: readonly string[], source: string) => {
    if (source === 'lua' && !reads.test(command)) commands.push([command.toUpperCase(), ...args.map(unescaped)]);
  });
  await act();
  await wire.redis.set('all is told', '');
  await new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [, key]: readonly string[]) => key === 'the end' && resolve());
    void wire.redis.get('the end');
  });
  monitor.disconnect();
  return commands;
}

/** MONITOR tells bytes beyond ASCII by their numbers. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\x([\da-f]{2})|\\(.)/g, (_, byte: string | undefined, character: string) =>
    byte ? String.fromCharCode(Number.parseInt(byte, 16)) : character,
  );
  return Buffer.from(bytes, 'latin1').toString();
}

describe.each(bullmqVersions)("jobs as any language's client of BullMQ %s leaves them", (version, bullmq) => {
  const wire = useWire(bullmq);

  it('the recording is what BullMQ writes', async () => {
    const commands = await record(wire(), () => add(wire()));
    if (process.env['RECORD'])
      writeFileSync(fileOf(version), commands.map((each) => `${JSON.stringify(each)}\n`).join(''));
    expect(commands).toEqual(recorded(version));
  });

  it('are processed, written by plain commands', async () => {
    await wire().app(
      processor({
        run: ({ id, name, data, opts: { attempts, priority } }: StepJob) =>
          name === 'parent' ? of(0).pipe(awaitChildren<number, number>()) : of({ id, name, data, attempts, priority }),
      }),
    );
    const ears = wire().ears('work');
    const transaction = wire().redis.multi(); // as a script is one
    for (const [command, ...args] of recorded(version)) transaction.call(command!, args);
    await transaction.exec();
    await ears.until('completed', undefined, 5);
    const results = ears.heard.flatMap(([event, { jobId, returnvalue }]) =>
      event === 'completed' ? [[jobId, returnvalue]] : [],
    );
    const child = { id: 'child', name: 'child', data: 7 };
    expect(Object.fromEntries(results)).toEqual({
      1: { id: '1', name: 'standard', data: { text: 'ü "quoted"' }, attempts: 3 },
      2: { id: '2', name: 'delayed', data: [1, null] },
      3: { id: '3', name: 'prioritized', data: 'text', priority: 2 },
      child,
      parent: [child],
    });
    const rest = ['wait', 'active', 'delayed', 'prioritized', 'waiting-children'].map((name) => `bull:work:${name}`);
    await expect(wire().redis.exists(...rest)).resolves.toBe(0);
  });
});
