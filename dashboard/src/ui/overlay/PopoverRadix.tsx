import * as Radix from "@radix-ui/react-popover";
import { useState, type ReactElement, type ReactNode } from "react";

export interface PopoverProps {
  trigger: ReactElement;
  label: string;
  children: (close: () => void) => ReactNode;
}

/** Open at once, because it is loaded when its trigger is used. */
export default function PopoverRadix({ trigger, label, children }: PopoverProps) {
  const [open, setOpen] = useState(true);
  return (
    <Radix.Root open={open} onOpenChange={setOpen}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="pop z-50 w-80 max-w-[calc(100vw-1rem)] border border-strong bg-panel p-4 shadow-float outline-none"
        >
          {children(() => setOpen(false))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
