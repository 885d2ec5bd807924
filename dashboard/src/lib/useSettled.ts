import { useEffect, useState } from "react";

/** Milliseconds without a change after which a typed text counts as complete. */
const SETTLED_MS = 400;

/** Return the value once it has not changed for a number of milliseconds. */
export function useSettled<T>(value: T, after = SETTLED_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), after);
    return () => clearTimeout(timer);
  }, [value, after]);
  return settled;
}
