import { useId, type ReactNode } from "react";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/base";

const control = cx(
  "h-8 min-w-0 border border-line bg-bg px-2 text-sm text-text transition-colors hover:border-strong",
  "focus:border-accent-text focus:outline-none focus-visible:outline-2 focus-visible:outline-offset-0",
  "aria-invalid:border-red disabled:opacity-50",
);

/** Style of an input with the full width. */
export const inputClass = cx(control, "w-full");

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  required?: boolean | undefined;
  /** Give the control its id, and the id of its description. */
  children: (control: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
  className?: string;
}

/** A label, a control, a hint, and the error. */
export function Field({ label, hint, error, required, children, className }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className={cx("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className="text-xs font-medium text-text">
        {label}
        {required && <span className="ms-1 text-2xs font-normal text-faint">{t.required}</span>}
      </label>
      {children({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(error ? { "aria-invalid": true } : {}),
      })}
      {error && (
        <p id={`${id}-error`} className="text-xs text-red">
          {error}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-xs break-words text-faint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (next: T) => void;
  className?: string;
}

/** The browser's own select, with a name for screen readers but no visible label. */
export function Select<T extends string>({ label, value, options, onChange, className }: SelectProps<T>) {
  return (
    <select
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => onChange(event.target.value as T)}
      className={cx(control, "max-w-full bg-panel max-sm:min-w-24 max-sm:flex-1 max-sm:px-1", className)}
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}

interface SegmentsProps<T extends string> extends SelectProps<T> {
  size?: "sm";
}

/** A few choices side by side, one of which is selected. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex flex-wrap border border-line">
      {options.map(([option, text]) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => onChange(option)}
          className={cx(
            "h-7 border-e border-line px-2.5 text-xs whitespace-nowrap text-soft transition-colors last:border-e-0 hover:bg-hover hover:text-text",
            "aria-pressed:bg-text aria-pressed:text-bg",
          )}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
