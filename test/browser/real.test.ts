import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoFaults, picture, view } from './support/browser.js';
import { InTrouble } from './support/in-trouble.js';

/** ms in which a finding is to be on the page, and gone again. */
const SOON = 2000;
/** More on a machine that is busy: what is measured is told when it fails. */
const PATIENCE = 30_000;

let program: InTrouble;
beforeEach(async () => {
  program = await InTrouble.start();
});
afterEach(() => program.kill());

const findings = (page: Page) => page.locator('.finding .say').allTextContents();

describe('a program in trouble', () => {
  it.each([
    ['deadlock', /^Deadlock: .*'ledger'.*'catalog'|^Deadlock: .*'catalog'.*'ledger'/],
    ['abandoned', /'orders' is abandoned: 'uploader' ended with it/],
    ['starvation', /mail.* starves: its only worker waits/],
  ] as const)('shows its %s soon, and soon no more', async (kind, words) => {
    const page = await view(program.url);
    await program.begin(kind);
    // A pool starves once its workers have waited for a second.
    const from = performance.now() + (kind === 'starvation' ? 1000 : 0);
    await expect
      .poll(() => findings(page), { timeout: PATIENCE, interval: 50 })
      .toEqual([expect.stringMatching(words)]);
    const shown = performance.now() - from;
    await picture(page, `real-${kind}`);
    await program.end(kind);
    const to = performance.now();
    await expect.poll(() => findings(page), { timeout: PATIENCE, interval: 50 }).toEqual([]);
    const gone = performance.now() - to;
    console.log(
      `${kind}: shown after ${shown.toFixed(0)} ms, gone after ${gone.toFixed(0)} ms (${SOON} at most, when nothing else runs)`,
    );
    expectNoFaults();
  });

  it('shows a cycle of which its main thread is a part', async () => {
    const page = await view(program.url);
    program.blockMain();
    await expect
      .poll(() => findings(page), { timeout: PATIENCE })
      .toEqual([expect.stringMatching(/^Deadlock: .*'MainThread'/)]);
    await expect.poll(() => page.locator('.node.stuck').count()).toBe(4);
    // A page that is opened only now.
    const late = await view(program.url);
    await expect
      .poll(() => findings(late), { timeout: PATIENCE })
      .toEqual([expect.stringMatching(/'MainThread'/)]);
    await late.locator('.lane', { hasText: 'MainThread' }).click();
    // A thread has half a second to answer, which on a busy machine it may need more than once.
    const ask = late.getByRole('button', { name: 'Take its stack' });
    const taken = async (): Promise<string | null> => {
      await ask.click();
      await ask.waitFor();
      return late.locator('.frames').textContent();
    };
    await expect.poll(taken, { timeout: PATIENCE, interval: 1500 }).toContain('in-trouble.js');
    await picture(late, 'real-main');
    expectNoFaults();
  });

  it('shows who contends for a lock, how much, and how long waits take', async () => {
    const page = await view(program.url);
    await program.begin('contention');
    const row = page.locator('#locks tr', { hasText: 'shared' });
    await row.waitFor();
    await expect
      .poll(() => row.locator('.c-owner').textContent(), { timeout: PATIENCE })
      .toMatch(/busy-[123]/);
    await expect.poll(() => row.locator('.c-queue .pill').count(), { timeout: PATIENCE }).toBeGreaterThan(0);
    await row.locator('.pname').click();
    await expect
      .poll(() => page.locator('.drawer').textContent(), { timeout: PATIENCE })
      .toMatch(/p50 [\d.]+ (µs|m?s)/);
    await picture(page, 'real-contention');
    await program.end('contention');
    expectNoFaults();
  });
});
