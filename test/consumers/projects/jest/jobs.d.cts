export function whoAmI(): string;
