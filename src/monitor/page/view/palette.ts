/** The colours of the theme, for what is drawn on a canvas. */
export interface Palette {
  readonly run: string;
  readonly wait: string;
  readonly dead: string;
  readonly idle: string;
  readonly text: string;
  readonly soft: string;
  readonly track: string;
  readonly line: string;
  readonly hatch: string;
}

const NAMES = {
  run: '--run',
  wait: '--wait',
  dead: '--dead',
  idle: '--idle',
  text: '--text',
  soft: '--soft',
  track: '--sunken',
  line: '--line',
  hatch: '--hatch',
};

const palettes = new Map<string, Palette>();

/** The same object as long as the theme is the same. */
export function paletteOf(element: Element): Palette {
  const theme = document.documentElement.dataset.theme ?? '';
  let palette = palettes.get(theme);
  if (palette === undefined) {
    const style = getComputedStyle(element);
    const colours = Object.entries(NAMES).map(([name, property]) => [
      name,
      style.getPropertyValue(property).trim(),
    ]);
    palette = Object.fromEntries(colours) as Palette;
    palettes.set(theme, palette);
  }
  return palette;
}

/** Waiting is told by stripes as well as by its colour. */
export function hatched(context: CanvasRenderingContext2D, { wait, hatch }: Palette): CanvasPattern | string {
  const tile = document.createElement('canvas');
  [tile.width, tile.height] = [8, 8];
  const paint = tile.getContext('2d');
  if (paint === null) return wait;
  paint.fillStyle = wait;
  paint.fillRect(0, 0, 8, 8);
  paint.strokeStyle = hatch;
  paint.lineWidth = 2.8;
  for (const from of [-8, 0, 8]) {
    paint.beginPath();
    paint.moveTo(from - 2, 10);
    paint.lineTo(from + 10, -2);
    paint.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? wait;
}
