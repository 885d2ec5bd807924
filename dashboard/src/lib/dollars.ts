import { count, decimal } from "@/texts/numbers";
import { language } from "@/texts/texts";

/** Nano-dollars of a dollar: the API's unit, which has no fractions. */
export const NANO = 1_000_000_000;

/** Write an amount with cents, or with three digits if it is below a dollar: "$1,204.50", "$0.05", "$0.0000123". */
export function dollars(nano: number): string {
  const amount = nano / NANO;
  if (amount <= 0) return signed("0");
  if (amount >= 1) {
    const cents = Math.round(amount * 100);
    return signed(count(Math.floor(cents / 100)) + decimal((cents % 100) / 100, 2).slice(1));
  }
  const digits = Math.min(9, 2 - Math.floor(Math.log10(amount)));
  const text = decimal(amount, digits);
  // of some cents, no zeros follow: "$0.05"; smaller amounts are as long as those below them
  return signed(amount < 0.01 ? text : text.replace(/^(.*[.,]\d\d.*?)0+$/, "$1"));
}

function signed(amount: string): string {
  return language() === "de" ? `${amount}\u00a0$` : `$${amount}`;
}
