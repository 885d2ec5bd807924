import { useLayoutEffect, type ElementType, type ReactNode } from "react";

/**
 * Replaces react-remove-scroll inside Radix (see vite.config.ts). The original writes a <style> element, which our
 * content security policy forbids; styles.css stops the page behind an open dialog instead. On a page with a scroll
 * bar, the space of the bar is kept, so that a dialog moves neither a long page nor a short one.
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
