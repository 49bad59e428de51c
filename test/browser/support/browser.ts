import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';

/** Where pictures of what the tests have seen go, if anywhere. */
const PICTURES = process.env.PICTURES;

export interface Viewed {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  /** `?open=` of the page. */
  readonly open?: string;
  readonly reducedMotion?: boolean;
}

let browser: Promise<Browser> | undefined;
/** What went wrong in pages, a line each: errors, dialogs, what the content security policy forbade. */
const faults: string[] = [];

/** The page at `url`, once it shows data. A fault in it fails the test that asks `expectNoFaults`. */
export async function view(
  url: string,
  { width = 1440, height = 900, theme = 'light', open, reducedMotion = false }: Viewed = {},
): Promise<Page> {
  const page = await (await launched()).newPage({
    viewport: { width, height },
    deviceScaleFactor: width < 500 ? 2 : 1,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  });
  page.on('pageerror', (error) => faults.push(`${error.stack}`));
  page.on('console', (message) => {
    // A connection that is refused, or a stack that there is not, is told there as well.
    const isAnswer = /net::ERR_|Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !isAnswer) faults.push(message.text());
  });
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      console.error(`CSP: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
    ),
  );
  const asked = new URL(url);
  asked.searchParams.set('theme', theme);
  if (open !== undefined) asked.searchParams.set('open', open);
  await page.goto(asked.href);
  await page.locator('#threads .lane').first().waitFor();
  return page;
}

export function expectNoFaults(): void {
  expect(faults.splice(0)).toEqual([]);
}

/** Kept for the docs, and for who looks whether the page is still as it should be. */
export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

function launched(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: found(),
    args: ['--no-sandbox', '--enable-precise-memory-info'],
  });
  return browser;
}

function found(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  try {
    return execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  } catch (cause) {
    throw new Error('no chromium: `apt-get install chromium`, or name a browser of its kind in CHROMIUM', {
      cause,
    });
  }
}

// Also when the test failed: a page that nobody looks at draws on.
afterEach(async () => {
  for (const context of (await browser)?.contexts() ?? []) await context.close();
});

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});
