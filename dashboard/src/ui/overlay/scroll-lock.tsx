import { useLayoutEffect, type ElementType, type ReactNode } from "react";

/**
 * Stands in for react-remove-scroll inside Radix (see vite.config.ts). The original writes a <style> element, which
 * our content security policy forbids; styles.css stops the page behind an open dialog instead. A page with a scroll
 * bar keeps its room, so that a dialog moves neither a long page nor a short one.
 */
export function RemoveScroll({ as: As, children }: { as?: ElementType; children?: ReactNode }) {
  useLayoutEffect(() => {
    const page = document.documentElement;
    const bar = window.innerWidth > page.clientWidth;
    const classes = bar ? ["locked", "keeps-gutter"] : ["locked"];
    page.classList.add(...classes);
    return () => page.classList.remove(...classes);
  }, []);
  return As ? <As>{children}</As> : <>{children}</>;
}
