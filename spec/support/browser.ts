import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

/**
 * A headless browser of the spec's own, from its first test to its last: each call opens a page with cookies and storage of its
 * own, that is closed after the test. To be called at the top of a spec or a `describe`.
 */
export function useBrowser(): () => Promise<Page> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: programOnPath(), args: flags });
  }, 30_000);
  afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));
  afterAll(() => browser?.close());
  return async () => {
    // what moves for ever is drawn without a graphics card here, sixty times a second
    const context = await browser!.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    await context.route(
      (url) => !isHere(url),
      (route) => route.abort('blockedbyclient'),
    );
    return context.newPage();
  };
}

/** Nothing leaves the machine, and a container's root may run it. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const isHere = ({ hostname }: URL): boolean => hostname === '127.0.0.1' || hostname === 'localhost';

/** As in scripts/spec-programs.js, which installs it. */
function programOnPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = ['chromium', 'google-chrome']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((candidate) => isExecutable(candidate));
  if (path === undefined) throw new Error('no chromium on the PATH; `node scripts/spec-programs.js` installs it');
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
