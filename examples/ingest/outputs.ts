/** The sites whose records we keep, each in a file of its own. */
const SITES = ['shop.example', 'blog.example', 'api.example', 'docs.example'] as const;

/** Lines that are no records, as they were. */
export const REJECTED = 'rejected';

export const OUTPUTS = [...SITES, REJECTED] as const;

export type Output = (typeof OUTPUTS)[number];

export const isSite = (name: string): name is Output => (SITES as readonly string[]).includes(name);
