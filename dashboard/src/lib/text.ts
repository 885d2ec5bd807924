/** Return the first line of an error, because a row has space for one line; the job's page shows the complete error. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Return true if a key press is part of typing. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
