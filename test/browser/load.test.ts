import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoFaults, picture, view } from './support/browser.js';
import { Crowd } from './support/crowd.js';
import { type MessageServer, serveMessages } from './support/message-server.js';
import { heapUsed, traced } from './support/performance.js';

const SECONDS = 20;
/** How far back lanes go, and a little more. */
const REMEMBERED = 38;
const LEAST_FRAMES = 30;
/** ms of the page's own thread, whatever else the machine does meanwhile. */
const LONGEST_TASK = 50;
const MOST_NODES = 3000;
const MOST_GROWTH = 2e6;

let server: MessageServer;
beforeAll(async () => {
  server = await serveMessages(new Crowd());
});
afterAll(() => server.stop());

describe('200 threads and 1,000 primitives that change ten times a second', () => {
  it(`cost a thirtieth of a second a frame at most, no task over ${LONGEST_TASK} ms, few nodes, no heap`, async () => {
    const page = await view(server.url);
    // Until then the lanes fill.
    await page.waitForTimeout(REMEMBERED * 1000);
    const before = await heapUsed(page);
    const { frames, used, longest } = await traced(page, SECONDS * 1000);
    const grown = (await heapUsed(page)) - before;
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
    await picture(page, 'load');
    const told = [
      `${(frames / SECONDS).toFixed(0)} frames a second`,
      `${(used / frames).toFixed(1)} ms a frame`,
      `longest task ${longest.toFixed(1)} ms`,
      `${nodes} nodes`,
      `heap ${(before / 1e6).toFixed(1)} MB and ${(grown / 1e6).toFixed(2)} MB more`,
    ].join(', ');
    expect(used / frames, told).toBeLessThan(1000 / LEAST_FRAMES);
    expect(longest, told).toBeLessThan(LONGEST_TASK);
    expect(nodes, told).toBeLessThan(MOST_NODES);
    expect(grown, told).toBeLessThan(MOST_GROWTH);
    console.log(told);
    expectNoFaults();
  }, 180_000);
});
