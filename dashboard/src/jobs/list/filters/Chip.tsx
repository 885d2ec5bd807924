import { IconClose } from "@/ui/icons";
import { Select } from "@/ui/Field";
import { t } from "@/texts/en/list";

/** The frame of a part of the search. */
export const chipClass = "flex h-8 min-w-0 items-center border border-accent-text/50 bg-wash";

/** Remove one part of the search. */
export function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onClick}
      className="flex size-8 shrink-0 items-center justify-center text-soft hover:text-text"
    >
      <IconClose width={12} height={12} />
    </button>
  );
}

/** Show a part of the search, with a button that removes it. */
export function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span className={`${chipClass} max-w-72 ps-2 text-xs`}>
      <span className="text-soft">{name}</span>
      <span dir="auto" className="ms-1.5 truncate font-mono text-text" title={value}>
        {value}
      </span>
      <Remove label={t.removeTheFilter(name, value)} onClick={onRemove} />
    </span>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  /** True if the search contains the value; false if it is the default. */
  removable: boolean;
  options: readonly (readonly [string, string])[];
  onChange: (next: string) => void;
}

/** Choose one of a few values; a chosen value is shown as a chip, and can be changed. */
export function Choice({ name, value, removable, options, onChange }: ChoiceProps) {
  const select = (className?: string) => (
    <Select label={name} value={value} options={options} onChange={onChange} className={className ?? ""} />
  );
  if (!removable) return select();
  const shown = options.find(([one]) => one === value)?.[1] ?? value;
  return (
    <span className={`${chipClass} max-w-full ps-2 text-xs max-sm:grow`}>
      <span className="shrink-0 text-soft">{name}</span>
      {select("h-full flex-1 border-0! bg-transparent! px-1! text-xs!")}
      <Remove label={t.removeTheFilter(name, shown)} onClick={() => onChange("")} />
    </span>
  );
}
