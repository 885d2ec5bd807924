import type { ElementType, ReactNode } from "react";

/**
 * Stands in for react-remove-scroll inside Radix (see vite.config.ts). The original writes a <style> element, which
 * our content security policy forbids; styles.css stops the page behind an open dialog instead.
 */
export function RemoveScroll({ as: As, children }: { as?: ElementType; children?: ReactNode }) {
  return As ? <As>{children}</As> : <>{children}</>;
}
