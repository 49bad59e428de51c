import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Lane, WINDOW } from '../model/lanes.js';
import type { Moment } from '../model/moment.js';
import { type Page, usePage } from './page.js';
import { hatched, type Palette, paletteOf } from './palette.js';

/** Where in a row its track is, in pixels; the style sheet decides. */
interface Track {
  readonly top: number;
  readonly height: number;
}

/** px by which a moment that is marked reaches beyond a track. */
const BEYOND = 3;

/** All that a frame needs. */
interface Scene {
  readonly lanes: readonly Lane[];
  readonly row: number;
  readonly page: Page;
}

/**
 * Draws the lanes in view on one canvas, frame by frame, since they slide: as elements they would be thousands. It draws
 * only when they have moved by half a pixel, and once a second for who wants less motion.
 */
export function useLaneCanvas(
  canvas: RefObject<HTMLCanvasElement | null>,
  lanes: readonly Lane[],
  row: number,
): void {
  const page = usePage();
  const scene = useRef<Scene>({ lanes, row, page });
  scene.current = { lanes, row, page };
  const changed = useRef(true);
  changed.current = true;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element == null || context == null) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    let drawn = 0;
    let palette = paletteOf(element);
    let hatch = hatched(context, palette);
    let frame = requestAnimationFrame(function draw() {
      frame = requestAnimationFrame(draw);
      const { page, lanes, row } = scene.current;
      const now = page.now();
      const least = calm.matches ? 1000 : WINDOW / Math.max(1, element.clientWidth) / 2;
      if (Math.abs(now - drawn) < least && !(changed.current && !calm.matches)) return;
      drawn = now;
      changed.current = false;
      const theme = paletteOf(element);
      if (theme !== palette) {
        palette = theme;
        hatch = hatched(context, palette);
      }
      resize(element, lanes.length * row);
      const style = getComputedStyle(element);
      const track = { top: pixels(style, '--track-top'), height: pixels(style, '--track') };
      const picture = new Picture(context, element.clientWidth, now, track, { ...palette, wait: hatch });
      for (const [at, lane] of lanes.entries()) picture.lane(lane, at * row, page.moment);
      picture.moments(page.moment, lanes.length, row);
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas]);
}

/** One frame. */
class Picture {
  readonly #context: CanvasRenderingContext2D;
  readonly #width: number;
  readonly #now: number;
  readonly #track: Track;
  readonly #fill: Record<keyof Palette, string | CanvasPattern>;

  constructor(
    context: CanvasRenderingContext2D,
    width: number,
    now: number,
    track: Track,
    fill: Record<keyof Palette, string | CanvasPattern>,
  ) {
    this.#context = context;
    this.#width = width;
    this.#now = now;
    this.#track = track;
    this.#fill = fill;
  }

  lane({ thread, stretches }: Lane, top: number, moment: Moment): void {
    const y = top + this.#track.top;
    const { height } = this.#track;
    this.#context.fillStyle = this.#fill.track;
    this.#box(0, y, this.#width, height, 3);
    const deadlock = moment.deadlockOf(thread.ident);
    for (const [at, { activity, at: from }] of stretches.entries()) {
      const until = stretches[at + 1]?.at ?? this.#now;
      if (until < this.#now - WINDOW) continue;
      const left = Math.max(0, this.#x(from));
      const right = Math.min(this.#width, this.#x(until));
      if (activity === 'dead') {
        this.#context.fillStyle = this.#fill.text;
        if (this.#x(from) >= 0) this.#context.fillRect(left, y, 2, height);
      } else if (activity === 'running' || activity === 'waiting') {
        const last = at === stretches.length - 1;
        const kind = activity === 'running' ? 'run' : last && deadlock !== undefined ? 'dead' : 'wait';
        this.#context.fillStyle = this.#fill[kind];
        // A pixel between two that touch, but none is too short to be seen.
        this.#box(left, y, Math.max(0.75, right - left - (last ? 0 : 1)), height, 2);
      } else if (activity !== 'stopped') {
        this.#context.fillStyle = this.#fill.idle;
        this.#context.fillRect(left, y + height / 2 - 1, right - left, 2);
      }
    }
  }

  /** When each deadlock began, across all lanes, but not across words that stand above a track. */
  moments(moment: Moment, lanes: number, row: number): void {
    const context = this.#context;
    context.strokeStyle = this.#fill.dead;
    context.lineWidth = 1.5;
    context.setLineDash([4, 3]);
    for (const { since } of moment.deadlocks()) {
      const x = this.#x(since);
      if (x < 0) continue;
      context.beginPath();
      for (let lane = 0; lane < lanes; lane++) {
        const top = lane * row + this.#track.top;
        context.moveTo(x, top - BEYOND);
        context.lineTo(x, top + this.#track.height + BEYOND);
      }
      context.stroke();
    }
    context.setLineDash([]);
  }

  #x(time: number): number {
    return this.#width * (1 - (this.#now - time) / WINDOW);
  }

  #box(x: number, y: number, width: number, height: number, radius: number): void {
    if (width < 2 * radius) {
      this.#context.fillRect(x, y, width, height);
      return;
    }
    this.#context.beginPath();
    this.#context.roundRect(x, y, width, height, radius);
    this.#context.fill();
  }
}

/** Clears it, and gives it as many pixels as the screen has for it. */
function resize(canvas: HTMLCanvasElement, height: number): void {
  const ratio = devicePixelRatio;
  const [w, h] = [Math.round(canvas.clientWidth * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, canvas.clientWidth, height);
}

function pixels(style: CSSStyleDeclaration, property: string): number {
  return Number.parseFloat(style.getPropertyValue(property));
}
