import { cx } from "@/lib/cx";
import { Button, IconButton } from "@/ui/Button";
import { IconClose, IconPlus } from "@/ui/icons";
import type { Json } from "@/lib/json";
import type { ComponentType } from "react";
import type { SchemaFieldProps } from "./props";
import { blank, type FieldSpec } from "./controls";
import { within } from "./problems";
import { t } from "@/texts/en/create";

/** Edit a list: one control for each item, and buttons to add and remove items. */
export function ListControl({
  field,
  value,
  problems,
  onChange,
  item,
  hint,
  renderItem: Item,
}: SchemaFieldProps & { item: FieldSpec; hint: string; renderItem: ComponentType<SchemaFieldProps> }) {
  const items = Array.isArray(value) ? value : [];
  const set = (next: Json[]) => onChange(next.length === 0 && !field.required ? undefined : next);
  const replace = (at: number, next: Json | undefined) =>
    set(items.map((one, i) => (i === at ? (next ?? "") : one)));
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 text-xs font-medium">
        {field.title}
        {field.required && <span className="ms-1 text-2xs font-normal text-faint">{t.required}</span>}
      </legend>
      {items.map((one, at) => (
        <div key={at} className="flex items-start gap-1">
          <div className={cx("min-w-0 flex-1", item.control.kind !== "object" && "[&_label]:sr-only")}>
            <Item
              field={{ ...item, title: `${field.title} ${at + 1}`, required: false }}
              value={one}
              problems={within(problems, at)}
              onChange={(next) => replace(at, next)}
            />
          </div>
          <IconButton
            label={t.remove(field.title, at + 1)}
            onClick={() => set(items.filter((_, i) => i !== at))}
          >
            <IconClose width={12} height={12} />
          </IconButton>
        </div>
      ))}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button
          size="sm"
          icon={<IconPlus width={12} height={12} />}
          aria-label={t.addTo(field.title)}
          onClick={() => set([...items, newItem(item)])}
        >
          {t.addShort}
        </Button>
        {problems[""] && <p className="text-xs text-red">{problems[""]}</p>}
        {hint && <p className="text-xs text-faint">{hint}</p>}
      </div>
    </fieldset>
  );
}

/** Begin with an empty line; begin with the example only if a line has several fields. */
function newItem(item: FieldSpec): Json {
  return ["object", "number"].includes(item.control.kind) ? blank(item) : "";
}
