const KEY = 'rxjs-threading-theme';

/** The one asked for by `?theme=`, the one chosen before, or the system's. */
export function beginTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const asked = new URLSearchParams(location.search).get('theme');
  document.documentElement.dataset.theme = asked ?? remembered() ?? dark;
}

export function toggleTheme(): void {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
