import { lazy, Suspense, type ReactElement, type ReactNode } from "react";
import { useOnDemand } from "./useOnDemand";

export interface PopoverProps {
  trigger: ReactElement;
  label: string;
  children: (close: () => void) => ReactNode;
}

const load = () => import("./PopoverRadix");
const PopoverRadix = lazy(load);

/** A small window beside its button: a form of a few fields, or a question. */
export function Popover(props: PopoverProps) {
  const { wanted, closed } = useOnDemand(props.trigger, "dialog", load);
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <PopoverRadix {...props} />
    </Suspense>
  );
}
