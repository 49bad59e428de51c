// The input, generated in place of files: the same frames each time.

const WIDTH = 192;
const HEIGHT = 144;
const STEPS = 48;

/** A frame as a PPM file: a Julia set, a little different from one frame to the next. Every 53rd is cut off. */
export function record(frame: number): Uint8Array {
  const header = Buffer.from(`P6\n${WIDTH} ${HEIGHT}\n255\n`, 'latin1');
  const file = new Uint8Array(header.length + WIDTH * HEIGHT * 3);
  file.set(header);
  const re = 0.7885 * Math.cos(frame * 0.0026);
  const im = 0.7885 * Math.sin(frame * 0.0026);
  let at = header.length;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const steps = stepsOut((x / WIDTH) * 3.2 - 1.6, (y / HEIGHT) * 2.4 - 1.2, re, im);
      file[at++] = Math.min(255, steps * 16);
      file[at++] = Math.min(255, steps * 9);
      file[at++] = 40 + steps * 4;
    }
  }
  return frame % 53 === 52 ? file.subarray(0, 4096) : file;
}

/** After how many steps of z = z² + c the point is far away. */
function stepsOut(x: number, y: number, re: number, im: number): number {
  let steps = 0;
  for (let [a, b] = [x, y]; steps < STEPS && a * a + b * b < 4; steps++) {
    [a, b] = [a * a - b * b + re, 2 * a * b + im];
  }
  return steps;
}
