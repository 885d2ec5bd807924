/** Focus the first control of the form that has an error, once the errors are drawn. */
export function focusProblem(): void {
  setTimeout(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus(), 50);
}
