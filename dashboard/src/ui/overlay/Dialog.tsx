import * as Radix from "@radix-ui/react-dialog";
import type { ReactNode, SyntheticEvent } from "react";
import { cx } from "@/lib/cx";
import { IconButton } from "@/ui/Button";
import { IconClose } from "@/ui/icons";
import { t } from "@/texts/en/base";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  wide?: boolean;
  /** Called by the button of the type "submit" in the footer, and by Enter in a field. */
  onConfirm?: () => void;
  children?: ReactNode;
  footer?: ReactNode;
}

/** A modal window: it gets the focus (the element marked data-first), closes on Escape, and returns the focus. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  wide,
  onConfirm,
  children,
  footer,
}: DialogProps) {
  // Children that have a form of their own are not put into another one.
  const Body = onConfirm ? "form" : "div";
  const confirm = (event: SyntheticEvent) => {
    event.preventDefault();
    onConfirm?.();
  };
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-backdrop" />
        <Radix.Content
          className={cx(
            "pop fixed inset-x-3 top-[8vh] z-50 mx-auto flex max-h-[84vh] flex-col border border-strong bg-panel shadow-float max-sm:top-3 max-sm:max-h-[calc(100dvh-1.5rem)]",
            wide ? "max-w-3xl" : "max-w-md",
          )}
          onOpenAutoFocus={(event) => {
            const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("[data-first]");
            if (first) event.preventDefault();
            first?.focus();
          }}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="flex items-start justify-between gap-4 border-b border-line py-2 ps-4 pe-2">
            <Radix.Title className="py-1 text-base font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t.close}>
                <IconClose />
              </IconButton>
            </Radix.Close>
          </header>
          <Body className="flex min-h-0 flex-col" onSubmit={confirm}>
            {/* On a small screen it scrolls, also by keyboard. */}
            <div role="region" aria-label={title} tabIndex={0} className="min-h-0 overflow-y-auto p-4">
              {description && (
                <Radix.Description asChild>
                  <div className="text-sm text-soft">{description}</div>
                </Radix.Description>
              )}
              {children}
            </div>
            {footer && (
              <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">
                {footer}
              </footer>
            )}
          </Body>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
