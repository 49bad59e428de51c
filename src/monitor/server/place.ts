/** What stands behind the last slash of a path, and where the path should have had one more. */
export interface Place {
  readonly route: string;
  /** Relative, as a proxy may have another prefix. */
  readonly redirect: string | undefined;
}

/** In a server that has nothing but the monitor. */
export function placeAtRoot(url: string): Place {
  return { route: pathOf(url).slice(1), redirect: undefined };
}

/**
 * In a server that has other things too: routes of the monitor lie side by side, so whatever comes before the last slash is
 * where it is mounted. A path that a framework has cut off stands in `original`.
 */
export function placeAnywhere(
  url: string,
  original: string | undefined,
  has: (route: string) => boolean,
): Place {
  const route = lastOf(pathOf(url));
  const whole = lastOf(pathOf(original ?? url));
  const isPage = route === '' || !(has(route) || route.includes('.'));
  return { route, redirect: isPage && whole !== '' ? `./${whole}/` : undefined };
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] as string;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
