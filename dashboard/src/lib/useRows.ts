import { useEffect, useRef, useState, type RefObject } from "react";

interface RowsOptions {
  count: number;
  /** Pixels; all rows have the same height. */
  size: number;
  /** The element that scrolls, or the window. */
  scroller: RefObject<HTMLElement | null> | "window";
  /** The list: the position of its first row. */
  list: RefObject<HTMLElement | null>;
}

const SPARE = 12;
const FALLBACK_HEIGHT = 900;
/** Pixels of rows in the first paint: about the space of a screen below the page's header. */
const FIRST_HEIGHT = 480;

/** Return which rows of a long list are visible, [first, last): only these are drawn. */
export function useRows({ count, size, scroller, list }: RowsOptions): { first: number; last: number } {
  const [view, setView] = useState({ first: 0, last: Math.ceil(FIRST_HEIGHT / size) });
  const mounted = useRef(false);
  useEffect(() => {
    const element = scroller === "window" ? null : scroller.current;
    const target: EventTarget = element ?? window;
    const look = () => {
      const height = element?.clientHeight ?? window.innerHeight;
      const edge = element?.getBoundingClientRect().top ?? 0;
      const above = edge - (list.current?.getBoundingClientRect().top ?? edge);
      const first = Math.max(0, Math.floor(above / size) - SPARE);
      const last = Math.ceil((above + (height || FALLBACK_HEIGHT)) / size) + SPARE;
      setView((now) => (now.first === first && now.last === last ? now : { first, last }));
    };
    target.addEventListener("scroll", look, { passive: true });
    const watcher = new ResizeObserver(look); // calls `look` once when it begins
    const observe = () => watcher.observe(element ?? document.body);
    // The first rows fill the screen: let the browser show them before the rows below the screen are drawn.
    const fresh = !mounted.current && (element?.scrollTop ?? window.scrollY) === 0;
    mounted.current = true;
    const cancel = fresh ? afterPaint(observe) : undefined;
    if (!fresh) {
      look();
      observe();
    }
    return () => {
      cancel?.();
      target.removeEventListener("scroll", look);
      watcher.disconnect();
    };
  }, [size, scroller, list, count]);
  return { first: Math.min(view.first, count), last: Math.min(view.last, count) };
}

/** Call a function after the browser has shown what is drawn now; the returned function cancels the call. */
function afterPaint(call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(call);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/** Return the numbers from first to last, without last. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
}
