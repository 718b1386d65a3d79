import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useBrowser } from './browser.js';

jest.setTimeout(30_000);

const open = useBrowser();

const server = createServer((_, response) =>
  response.end('<title>Here</title><button>Press</button><i>iii</i> <b>WWW</b>'),
);
let url: string;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('the browser of the specs', () => {
  it('shows a page of this machine, takes clicks, and has letters to draw it with', async () => {
    const page = await open();
    await page.goto(url);
    await expect(page.title()).resolves.toBe('Here');
    await page.evaluate(`document.querySelector('button').onclick = () => (document.title = 'Pressed')`);
    await page.getByRole('button', { name: 'Press' }).click();
    await expect(page.title()).resolves.toBe('Pressed');
    const widths = ['i', 'b'].map(async (tag) => (await page.locator(tag).boundingBox())!.width);
    const [narrow, wide] = await Promise.all(widths);
    expect(narrow).toBeLessThan(wide! / 2); // the boxes that are drawn without a font are all of one width
  });

  it('gives each page cookies of its own', async () => {
    const [one, other] = [await open(), await open()];
    await Promise.all([one.goto(url), other.goto(url)]);
    await one.evaluate(`document.cookie = 'who=one'`);
    await expect(one.evaluate('document.cookie')).resolves.toBe('who=one');
    await expect(other.evaluate('document.cookie')).resolves.toBe('');
  });

  it('goes nowhere else', async () => {
    const page = await open();
    await expect(page.goto('http://192.0.2.1/')).rejects.toThrow('ERR_BLOCKED_BY_CLIENT');
  });
});
