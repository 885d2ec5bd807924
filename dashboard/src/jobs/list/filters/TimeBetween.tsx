import { fromInput, toInput } from "@/lib/time";
import { useZone } from "@/session/prefs";
import { chipClass, Remove } from "./Chip";
import { t } from "@/texts/en/list";

interface TimeBetweenProps {
  from: number | undefined;
  to: number | undefined;
  onChange: (change: { from?: number | undefined; to?: number | undefined }) => void;
  onRemove: () => void;
}

/** Show a time range that was selected on a chart or is typed here, in the console's time zone. */
export default function TimeBetween({ from, to, onChange, onRemove }: TimeBetweenProps) {
  const zone = useZone();
  const box = (label: string, at: number | undefined, set: (next: number | undefined) => void) => (
    <input
      aria-label={`${label}, ${zone === "utc" ? "UTC" : t.localTime}`}
      type="datetime-local"
      // While a time is only partly typed, the browser returns no time.
      defaultValue={at === undefined ? "" : toInput(at, zone)}
      key={`${at} ${zone}`}
      onBlur={(event) => {
        const next = fromInput(event.target.value, zone);
        if (next !== at && toInput(next ?? 0, zone) !== toInput(at ?? 0, zone)) set(next);
      }}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      className="h-full min-w-0 flex-1 bg-transparent px-1.5 text-xs text-text"
    />
  );
  return (
    <div role="group" aria-label={t.createdBetween} className={`${chipClass} max-sm:basis-full`}>
      {box(t.from, from, (next) => onChange({ from: next }))}
      <span aria-hidden="true" className="text-xs text-soft">
        –
      </span>
      {box(t.to, to, (next) => onChange({ to: next }))}
      <Remove label={t.removeTheFilterCreated} onClick={onRemove} />
    </div>
  );
}
