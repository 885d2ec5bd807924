import { useZone } from "@/session/prefs";
import { inputClass } from "@/ui/Field";
import {
  durationParts,
  pickedDuration,
  pickedTime,
  pickedTimeOfDay,
  pickerText,
  timeParts,
  UNITS,
  type Picked,
} from "./picker";
import type { InputProps } from "./props";
import { t } from "@/texts/en/create";

interface PickerProps {
  format: Picked;
  input: InputProps["input"];
  label: string;
  /** A text for which `canPick` returns true. */
  value: string;
  onChange: (next: string) => void;
}

/** Pick a date and a time, a time of day, or a duration. */
export function Picker(props: PickerProps) {
  if (props.format === "datetime") return <DateTime {...props} />;
  return props.format === "time" ? <TimeOfDay {...props} /> : <Duration {...props} />;
}

/** The input shows the console's time zone; the payload contains UTC. */
function DateTime({ input, value, onChange }: PickerProps) {
  const zone = useZone();
  return (
    <input
      {...input}
      type="datetime-local"
      title={zone === "utc" ? "UTC" : t.localTime}
      className={inputClass}
      value={pickerText(value, zone)}
      onChange={(event) => onChange(pickedTime(event.target.value, zone))}
    />
  );
}

/** A time of day has no zone, because it depends on where the job runs; an offset in the text is kept. */
function TimeOfDay({ input, value, onChange }: PickerProps) {
  const { shown, offset } = timeParts(value) ?? { shown: "", offset: "" };
  return (
    <div className="flex items-center gap-2">
      <input
        {...input}
        type="time"
        step={1}
        className={inputClass}
        value={shown}
        onChange={(event) => onChange(pickedTimeOfDay(event.target.value, offset))}
      />
      {offset && (
        <span className="nums shrink-0 text-xs text-soft">{/z/i.test(offset) ? "UTC" : offset}</span>
      )}
    </div>
  );
}

const MOST_DIGITS = 6;

function Duration({ input, label, value, onChange }: PickerProps) {
  const { id, ...described } = input;
  const parts = durationParts(value);
  if (!parts) return null;
  return (
    <div className="grid grid-cols-4 gap-1">
      {UNITS.map((unit, at) => (
        <div key={unit} className="flex min-w-0 flex-col">
          <input
            {...described}
            id={at === 0 ? id : undefined}
            aria-label={`${label}: ${t.units[unit]}`}
            inputMode="numeric"
            autoComplete="off"
            className={`${inputClass} nums`}
            value={parts[unit]}
            onChange={({ target }) => {
              const digits = target.value.replace(/\D/g, "").slice(0, MOST_DIGITS);
              onChange(pickedDuration({ ...parts, [unit]: digits }));
            }}
          />
          <span aria-hidden="true" className="truncate text-2xs text-faint">
            {t.units[unit]}
          </span>
        </div>
      ))}
    </div>
  );
}
