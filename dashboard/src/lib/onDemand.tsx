import { useEffect, useState, type ComponentType, type ReactNode } from "react";

/**
 * Return a component whose code is loaded when it is first shown, or earlier by `load`; until then its fallback is
 * shown. React's lazy is only used for pages: a Suspense that has shown its fallback keeps it for 300 ms, even if the
 * code arrives after 20 ms.
 */
export function onDemand<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
  let known: ComponentType<P> | null = null;
  const fetchCode = async () => (known ??= (await load()).default);

  function OnDemand({ fallback = null, ...props }: P & { fallback?: ReactNode }) {
    const [Part, setPart] = useState(() => known);
    useEffect(() => {
      if (Part) return;
      const fail = (error: unknown) =>
        setPart(() => {
          throw error; // thrown while it is rendered, where the page's error boundary catches it
        });
      fetchCode().then((part) => setPart(() => part), fail);
    }, [Part]);
    return Part ? <Part {...(props as unknown as P)} /> : fallback;
  }
  return Object.assign(OnDemand, { load: fetchCode });
}
