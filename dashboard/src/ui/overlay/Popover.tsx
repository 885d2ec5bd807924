import { lazy, Suspense } from "react";
import type { PopoverProps } from "./PopoverRadix";
import { useOnDemand } from "./useOnDemand";

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
