import { useEffect, useState } from "react";

const AT_LATEST_MS = 1500;

/** Return false at first, and true when the browser is idle: for content that is less important. */
export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const handle = requestIdleCallback(() => setIdle(true), { timeout: AT_LATEST_MS });
    return () => cancelIdleCallback(handle);
  }, []);
  return idle;
}
