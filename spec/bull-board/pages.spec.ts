import type { Locator, Page } from 'playwright-core';
import { filter, firstValueFrom, from, of } from 'rxjs';
import { awaitChildren, delay, UnrecoverableError, type App, type Job } from 'stepstream';
import { useBrowser } from '../support/browser.js';
import { processor } from '../support/processor.js';
import { useRedis } from '../support/use-redis.js';
import type { Board } from './board.js';
import { Stage, type EngineName } from './stage.js';

jest.setTimeout(60_000);

const server = useRedis();
const openPage = useBrowser();

// What the pages are made of, and what their buttons call, http-api.spec.ts tries on both engines.
let stage: Stage;
let app: App;
let board: Board;
let page: Page;

async function serve(engine: EngineName): Promise<void> {
  stage = new Stage(engine, server().url);
  app = await stage.app(orders(), parcels);
  board = await stage.board(app, ['orders', 'parcels']);
  page = await openPage();
}
afterEach(async () => {
  await page.context().close(); // it asks the board again and again
  await stage.close();
});

/** Charges, waits for its parcels, sleeps, and says thanks: that fails once. */
function orders(): ReturnType<typeof processor> {
  let isDown = true;
  return processor(
    {
      charge: (job) => {
        job.log('asks the bank');
        return of({ receipt: 4711 });
      },
      send: (job) =>
        from(job.data.titles).pipe(awaitChildren((title) => ({ queue: 'parcels', name: String(title), data: title }))),
      review: (_job, arrived) => of(arrived).pipe(delay('3 days')),
      thank: () => {
        if (!isDown) return of('thanked');
        isDown = false;
        throw new UnrecoverableError('mail is down');
      },
    },
    { queue: 'orders' },
  );
}

const parcels = processor({ carry: (job) => of(`${job.data} has arrived`) }, { queue: 'parcels' });

async function addOrder(...titles: readonly string[]): Promise<Job> {
  const job = await app.queue('orders').add('order', { titles });
  await firstValueFrom(job.events$.pipe(filter(({ type }) => type === 'delayed')));
  return job;
}

/** Clicks, says yes to the question, and waits until it is done. */
async function press(button: Locator, question: string): Promise<void> {
  await button.click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog.getByText('Are you sure that').innerText()).resolves.toContain(question);
  const done = page.waitForResponse((response) => response.request().method() === 'PUT');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  expect((await done).ok()).toBe(true);
}

/** The buttons of a job, which have tooltips in place of names: the first promotes or retries, the last removes. */
const buttons = (): Locator => page.locator('li > [data-base-ui-tooltip-trigger] > button');

describe('the page of a job in bull-board on Redis', () => {
  beforeEach(() => serve('Redis'));

  it('shows its step, logs and flow, and promotes, retries and removes it', async () => {
    const job = await addOrder('Momo', 'Krabat');
    await page.goto(`${board.url}/queue/orders/${job.id}`);
    await page.getByRole('tab', { name: 'Progress' }).click();
    await page.getByText('"review"').waitFor();
    const progress = await page.locator('body').innerText();
    for (const shown of [/step:\s*"review"/, /visit:\s*3/, /kind:\s*"delay"/, /receipt:\s*4711/]) {
      expect(progress).toMatch(shown);
    }
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByText('asks the bank').waitFor();
    const nodes = page.locator('.react-flow__node');
    await nodes.nth(2).waitFor();
    const names = (await nodes.allInnerTexts()).map((text) => text.split('\n')[0]!);
    expect(new Set(names)).toEqual(new Set(['order', 'Momo', 'Krabat']));

    await press(buttons().first(), 'promote this job');
    await expect(job.result()).rejects.toThrow('mail is down');
    await page.getByText('mail is down').first().waitFor();
    await press(buttons().first(), 'retry this job');
    await expect(job.result()).resolves.toBe('thanked');
    await page.getByText('"thanked"').first().waitFor();
    await press(buttons().last(), 'clean this job');
    await expect(job.getState()).resolves.toBe('unknown');
  });
});

describe('the page of a queue in bull-board on the embedded engine', () => {
  beforeEach(() => serve('the embedded engine'));

  it('pauses and resumes it, and has something to tell of a store that is no Redis', async () => {
    await addOrder();
    await page.goto(`${board.url}/queue/orders`);
    for (const does of ['Pause', 'Resume']) {
      await page.locator('[aria-haspopup=menu]').click();
      await press(page.getByRole('menuitem', { name: does }), `${does.toLowerCase()} queue processing`);
      await expect(app.queue('orders').isPaused()).resolves.toBe(does === 'Pause');
      await page.getByText('[ Paused ]').waitFor({ state: does === 'Pause' ? 'visible' : 'hidden' });
    }
    await page.locator('header li button').first().click();
    await page.getByText('in the memory of this process').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Queue info' }).click();
    await page.getByRole('button', { name: 'Connected workers' }).click();
    await page.getByText('embedded').waitFor();
  });
});
