import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactElement, ReactNode } from "react";
import { cx } from "@/lib/cx";
import { IconCheck } from "./icons";

const ITEM = cx(
  "flex min-h-8 items-center gap-2 px-2.5 text-sm text-text outline-none select-none",
  "data-[highlighted]:bg-hover data-[disabled]:text-faint cursor-default",
);

/** A menu behind a button. */
export function Menu({
  trigger,
  children,
  align = "end",
}: {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="pop z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto border border-strong bg-panel py-1 shadow-float"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function MenuItem({
  icon,
  onSelect,
  children,
  hint,
}: {
  icon?: ReactNode;
  onSelect: () => void;
  children: ReactNode;
  hint?: string;
}) {
  return (
    <Radix.Item className={ITEM} onSelect={onSelect}>
      <span className="flex w-4 justify-center text-soft">{icon}</span>
      <span className="flex-1">{children}</span>
      {hint && <span className="font-mono text-2xs text-faint">{hint}</span>}
    </Radix.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return (
    <Radix.Label className="px-2.5 pt-2 pb-1 text-2xs font-medium tracking-wide text-faint uppercase">
      {children}
    </Radix.Label>
  );
}

export const MenuLine = () => <Radix.Separator className="my-1 h-px bg-line" />;

export function MenuCheck({
  checked,
  onChange,
  children,
}: {
  checked: boolean;
  onChange: (on: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Radix.CheckboxItem
      className={ITEM}
      checked={checked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
    >
      <Mark on={checked} />
      {children}
    </Radix.CheckboxItem>
  );
}

interface RadioProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (next: T) => void;
}

export function MenuRadio<T extends string>({ label, value, options, onChange }: RadioProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} aria-label={label}>
      <MenuLabel>{label}</MenuLabel>
      {options.map(([option, text]) => (
        <Radix.RadioItem key={option} value={option} className={ITEM}>
          <Mark on={option === value} />
          {text}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

function Mark({ on }: { on: boolean }) {
  return (
    <span className="flex w-4 justify-center text-accent-text">
      {on && <IconCheck width={12} height={12} />}
    </span>
  );
}
