import { useLayoutEffect, useRef, type RefObject } from "react";

/** Return a reference to the newest value, for listeners that are registered only once. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}
