import { useEffect, useState } from "react";

const AT_LATEST_MS = 1500;

/** False at first, true when the browser has nothing better to do: for what may come after what matters. */
export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const handle = requestIdleCallback(() => setIdle(true), { timeout: AT_LATEST_MS });
    return () => cancelIdleCallback(handle);
  }, []);
  return idle;
}
