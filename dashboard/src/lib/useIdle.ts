import { useEffect, useState } from "react";

const AT_LATEST_MS = 1500;
const LATER_MS = 200;

/** Return false at first, and true when the browser is idle: for content that is less important. */
export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const done = () => setIdle(true);
    // Not every browser has it.
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(done, LATER_MS);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(done, { timeout: AT_LATEST_MS });
    return () => cancelIdleCallback(handle);
  }, []);
  return idle;
}
