import { language } from "./texts";

/** The marks between thousands and before decimals, of each language. */
const MARKS = { en: [",", "."], de: [".", ","] } as const;

/** Numbers for people. Not by Intl: its data takes longer to load than the first rows take to draw. */
export function count(n: number): string {
  const [group, point] = MARKS[language()];
  const [whole = "", rest] = String(n).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return rest ? grouped + point + rest : grouped;
}

/** Write a number with so many decimals. */
export function decimal(n: number, digits: number): string {
  return n.toFixed(digits).replace(".", MARKS[language()][1]);
}

/** Return a number and its noun, in the form that the rules of the language ask for. Each of ours has these two. */
export function plural(n: number, one: string, other = `${one}s`): string {
  rules ??= new Intl.PluralRules(language());
  return `${count(n)} ${rules.select(n) === "one" ? one : other}`;
}

/** Made when it is needed: a language is chosen before the first text. */
let rules: Intl.PluralRules | undefined;
