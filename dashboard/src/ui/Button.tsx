import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "@/lib/cx";

type Tone = "plain" | "primary" | "danger" | "ghost";
const TONES: Record<Tone, string> = {
  plain: "border-line bg-raised text-text hover:bg-hover hover:border-strong",
  primary: "border-accent bg-accent text-on-accent font-semibold hover:brightness-110",
  danger: "border-red/60 bg-panel text-red hover:bg-red hover:text-panel",
  ghost: "border-transparent text-soft hover:bg-hover hover:text-text",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
  size?: "sm" | "md";
  icon?: ReactNode;
  shortcut?: string;
  ref?: Ref<HTMLButtonElement>;
}

/** The style of a button, also for links that lead to an action. */
export function buttonClass(tone: Tone = "plain", size: "sm" | "md" = "md"): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap border transition-colors",
    "disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50",
    size === "sm" ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm",
    TONES[tone],
  );
}

export function Button({ tone, size, icon, shortcut, className, children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={cx(buttonClass(tone, size), className)} {...rest}>
      {icon}
      {children}
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </button>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  ref?: Ref<HTMLButtonElement>;
}

/** A square button with an icon; its label is its name and its tooltip. */
export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        "inline-flex size-8 shrink-0 items-center justify-center border border-transparent text-soft transition-colors",
        "hover:bg-hover hover:text-text disabled:cursor-not-allowed disabled:opacity-50",
        "aria-pressed:border-line aria-pressed:bg-raised aria-pressed:text-text",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd
      aria-hidden="true"
      className="hidden min-w-5 border border-current/30 px-1 text-center font-mono text-2xs leading-4 opacity-80 sm:inline-block"
    >
      {children}
    </kbd>
  );
}
