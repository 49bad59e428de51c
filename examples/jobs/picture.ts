/** Rows of red, green and blue, a byte each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export class CutOffError extends Error {
  override name = 'CutOffError';
}

const HEADER = /^P6\s(\d+)\s(\d+)\s255\s/;

/** A PPM file, the plainest of picture formats. @throws CutOffError */
export function parsePpm(file: Uint8Array): Picture {
  const header = HEADER.exec(Buffer.from(file.subarray(0, 32)).toString('latin1'));
  if (header === null) throw new TypeError('the file is not a PPM picture');
  const [width, height] = [Number(header[1]), Number(header[2])];
  const size = width * height * 3;
  const pixels = file.subarray(header[0].length, header[0].length + size);
  if (pixels.length < size)
    throw new CutOffError(`the file ends after ${pixels.length} of ${size} bytes of pixels`);
  return { width, height, pixels };
}

/** Each pixel becomes the mean of those up to `radius` away: of its row, then of its column. */
export function boxBlur({ width, height, pixels }: Picture, radius: number): Picture {
  const across = blurLines(pixels, radius, { lines: height, nextLine: width * 3, length: width, step: 3 });
  const down = blurLines(across, radius, { lines: width, nextLine: 3, length: height, step: width * 3 });
  return { width, height, pixels: down };
}

interface Lines {
  readonly lines: number;
  readonly nextLine: number;
  readonly length: number;
  readonly step: number;
}

/** A sum runs along each line: what comes in at one end goes out at the other, whatever the radius. */
function blurLines(from: Uint8Array, radius: number, { lines, nextLine, length, step }: Lines): Uint8Array {
  const to = new Uint8Array(from.length);
  for (let line = 0; line < lines; line++) {
    for (let color = 0; color < 3; color++) {
      const start = line * nextLine + color;
      let sum = 0;
      let count = 0;
      for (let at = -radius; at < length; at++) {
        const last = at + radius;
        if (last < length) {
          sum += from[start + last * step] ?? 0;
          count++;
        }
        const gone = at - radius - 1;
        if (gone >= 0) {
          sum -= from[start + gone * step] ?? 0;
          count--;
        }
        if (at >= 0) to[start + at * step] = Math.round(sum / count);
      }
    }
  }
  return to;
}

/** A `factor` times narrower and lower: each pixel is the mean of a square. */
export function shrink(picture: Picture, factor: number): Picture {
  const width = Math.floor(picture.width / factor);
  const height = Math.floor(picture.height / factor);
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at++) {
    const color = at % 3;
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    let sum = 0;
    for (let dy = 0; dy < factor; dy++) {
      for (let dx = 0; dx < factor; dx++) {
        sum += picture.pixels[((y * factor + dy) * picture.width + x * factor + dx) * 3 + color] ?? 0;
      }
    }
    pixels[at] = Math.round(sum / factor ** 2);
  }
  return { width, height, pixels };
}
