import { language } from "./texts";

/** The separators for thousands and decimals, in each language. */
const MARKS = { en: [",", "."], de: [".", ","] } as const;

/** Numbers as text. Intl is not used, because its data takes longer to load than the first rows take to draw. */
export function count(n: number): string {
  const [group, point] = MARKS[language()];
  const [whole = "", rest] = String(n).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return rest ? grouped + point + rest : grouped;
}

/** Write a number with this many decimals. */
export function decimal(n: number, digits: number): string {
  return n.toFixed(digits).replace(".", MARKS[language()][1]);
}

/**
 * Return a number and its noun, in the singular or plural that the language requires. All our languages have these two
 * forms.
 */
export function plural(n: number, one: string, other = `${one}s`): string {
  rules ??= new Intl.PluralRules(language());
  return `${count(n)} ${rules.select(n) === "one" ? one : other}`;
}

/** Created when it is needed, because the language is chosen before the first text. */
let rules: Intl.PluralRules | undefined;
