import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { createApp, memoryEngine, StoreUnavailableError } from 'stepstream';
import { createVideoServer } from '../../samples/live-progress/server.js';
import { statuses } from '../../samples/live-progress/status.js';
import { VideoProcessor } from '../../samples/live-progress/video-processor.js';
import { useBrowser } from '../support/browser.js';
import { compiledProgram } from '../support/compiled-program.js';
import { freePort } from '../support/redis-server.js';
import { useRedis } from '../support/use-redis.js';

jest.setTimeout(60_000);

const folder = 'samples/live-progress';
const program = compiledProgram(`${folder}/main.ts`);
const redis = useRedis();
const openPage = useBrowser();

let port: number;
let server: ChildProcess | undefined;
let said: string;

async function startServer(): Promise<void> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const started = spawn(process.execPath, [program], {
    env: { ...env, REDIS_URL: redis().url, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = started;
  [said] = (await once(createInterface({ input: started.stdout }), 'line')) as [string];
}

async function stopServer(signal: NodeJS.Signals): Promise<readonly unknown[]> {
  if (!server || server.exitCode !== null || server.signalCode !== null) return [];
  const ended = once(server, 'exit');
  server.kill(signal);
  return ended;
}

beforeAll(async () => {
  port = await freePort();
  await startServer();
});
afterAll(() => stopServer('SIGKILL'));

/** The page; `seen` notes each text that stands in one of its elements, as none may last until it is looked for. */
async function open(path = ''): Promise<Page> {
  const page = await openPage();
  await page.goto(`http://127.0.0.1:${port}/${path}`);
  await page.evaluate(`
    window.seen = {};
    for (const selector of ['#state', '[data-step=transcode] small', '#countdown']) {
      const element = document.querySelector(selector);
      seen[selector] = [element.textContent];
      new MutationObserver(() => seen[selector].push(element.textContent)).observe(element, { childList: true });
    }`);
  return page;
}

async function seen(page: Page, selector: string): Promise<readonly string[]> {
  const texts = await page.evaluate<string[]>(`seen['${selector}']`);
  return texts.filter((text, index) => text !== '' && text !== texts[index - 1]);
}

const numbers = (texts: readonly string[]): readonly number[] => texts.map((text) => Number.parseInt(text));
const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name }).click();
const until = (page: Page, condition: string): Promise<unknown> => page.waitForFunction(condition);
const untilState = (page: Page, state: string): Promise<unknown> =>
  until(page, `document.querySelector('#state').textContent === '${state}'`);
const untilLink = (page: Page, link: string): Promise<unknown> =>
  until(page, `document.querySelector('#link').textContent === '${link}'`);
const done = (page: Page): Promise<readonly string[]> => page.locator('#steps .done b').allTextContents();
const text = (page: Page, selector: string): Promise<string | null> => page.locator(selector).textContent();
const secondsLeft = (page: Page): Promise<number> =>
  page.evaluate(`parseInt(document.querySelector('#countdown').textContent)`);

describe('the sample of live progress', () => {
  it('says where to look, as its README shows', () => {
    const [, shown] = /^```text\n([\s\S]*?)^```$/m.exec(readFileSync(`${folder}/README.md`, 'utf8'))!;
    expect(said.replace(String(port), '8080')).toBe(shown!.trimEnd());
  });

  it('fills a bar, ticks steps off, counts down; who comes in the middle sees the present at once, who was cut off comes again, and all see the end', async () => {
    const page = await open();
    await press(page, 'Otters at play');
    await until(page, `parseInt(document.querySelector('#countdown').textContent) <= 29`);
    await expect(done(page)).resolves.toEqual(['Inspect the file', 'Transcode', 'Draw thumbnails']);
    await expect(text(page, '#steps .now b')).resolves.toBe('Hold');
    const segments = numbers(await seen(page, '[data-step=transcode] small'));
    expect(segments.length).toBeGreaterThan(2);
    expect(segments).toEqual(segments.toSorted((a, b) => a - b));
    const seconds = numbers(await seen(page, '#countdown'));
    expect(seconds.length).toBeGreaterThan(1);
    expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));

    const second = await open(new URL(page.url()).hash);
    await until(second, `document.querySelector('#state').textContent !== ''`);
    expect(await seen(second, '#state')).toEqual(['asleep']);
    await expect(done(second)).resolves.toEqual(['Inspect the file', 'Transcode', 'Draw thumbnails']);
    expect(await secondsLeft(second)).toBeLessThanOrEqual(29);

    await stopServer('SIGKILL');
    for (const each of [page, second]) await untilLink(each, 'reconnecting');
    const left = await secondsLeft(page);
    await startServer();
    for (const each of [page, second]) await untilLink(each, 'live');
    expect(await secondsLeft(page)).toBeLessThanOrEqual(left);

    await press(second, 'Publish now');
    for (const each of [page, second]) {
      await untilState(each, 'done');
      await expect(text(each, '#end')).resolves.toBe('Otters at play is live, with 4 thumbnails.');
      await expect(done(each)).resolves.toHaveLength(5);
      await expect(text(each, '#link')).resolves.toBe('ended');
    }
    const states = await seen(page, '#state');
    expect(states).toEqual(expect.arrayContaining(['working', 'waiting for thumbnails', 'asleep', 'done']));
  });

  it('does nothing that the form of another site asks for, and knows no job that does not exist', async () => {
    const url = `http://127.0.0.1:${port}`;
    const form = { method: 'POST', body: new URLSearchParams() };
    expect((await fetch(`${url}/videos/otters/publish`, form)).status).toBe(415);
    expect((await fetch(`${url}/jobs/none/events`)).status).toBe(404);
  });

  it('shows a failure, and after the repair goes on where it was; cancels; ends at SIGTERM, though somebody watches', async () => {
    const page = await open();
    await press(page, 'A scratched tape');
    await untilState(page, 'failed');
    await expect(text(page, '#end')).resolves.toBe('Segment 15 is scratched.');
    await expect(text(page, '#steps .failed b')).resolves.toBe('Transcode');
    const before = await seen(page, '[data-step=transcode] small');
    expect(before.at(-1)).toBe('14 of 24 segments');
    await press(page, 'Repair and retry');
    await untilState(page, 'asleep');
    const after = numbers((await seen(page, '[data-step=transcode] small')).slice(before.length));
    expect(Math.min(...after)).toBeGreaterThanOrEqual(14);

    await press(page, 'Cancel');
    await untilState(page, 'failed');
    await expect(text(page, '#end')).resolves.toBe('Cancelled by you.');

    await press(page, 'Otters at play');
    await untilState(page, 'working');
    await expect(stopServer('SIGTERM')).resolves.toEqual([0, null]);
    await untilLink(page, 'reconnecting');
    await press(page, 'Storm over the bay');
    await until(page, `document.querySelector('#trouble').textContent !== ''`);
  });
});

it('its stream breaks while the store is away, as an answer of 500 would have the browser give up for good', async () => {
  const engine = memoryEngine();
  const app = createApp({ connection: engine });
  const noted = jest.spyOn(console, 'error').mockImplementation();
  jest.spyOn(engine, 'get').mockImplementation(() => {
    throw new StoreUnavailableError('Redis is away');
  });
  const http = createVideoServer(app).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  await expect(fetch(`${url}/jobs/1/events`)).rejects.toThrow('fetch failed');
  const cancel = { method: 'POST', headers: { 'content-type': 'application/json' } };
  expect((await fetch(`${url}/jobs/1/cancel`, cancel)).status).toBe(500);
  expect(noted).toHaveBeenCalledTimes(2);
  http.close();
  http.closeAllConnections();
  noted.mockRestore();
  await app.close();
});

describe('its statuses', () => {
  it('read a job once for all who watch it, and not at all when they have gone', async () => {
    const engine = memoryEngine();
    const { events } = engine;
    let listening = 0;
    engine.events = (...args) => {
      const stop = events.apply(engine, args);
      listening++;
      return () => {
        listening--;
        stop();
      };
    };
    const app = createApp({ connection: engine });
    const job = await app.queue(VideoProcessor).add('publish', { title: 'Otters', segments: 1 });
    const status = statuses(app);
    const first = status(job).subscribe();
    const alone = listening;
    const others = [1, 2, 3].map(() => status(job).subscribe());
    expect(listening).toBe(alone);
    for (const watcher of [first, ...others]) watcher.unsubscribe();
    expect(listening).toBe(0);
    await app.close();
  });
});
