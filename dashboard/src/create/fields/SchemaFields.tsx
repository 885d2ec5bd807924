import type { Json, JsonObject } from "@/lib/json";
import { isObject } from "@/lib/json";
import { Button } from "@/ui/Button";
import { IconClose, IconPlus } from "@/ui/icons";
import { ListControl } from "./ListControl";
import type { SchemaFieldProps } from "./props";
import { hintOf, SchemaControl } from "./SchemaControl";
import { blank, wholeLines, type FieldSpec } from "./controls";
import { within, type Problems } from "./problems";
import { t } from "@/texts/en/create";

interface FieldsProps {
  fields: FieldSpec[];
  value: JsonObject;
  problems: Problems;
  onChange: (next: JsonObject) => void;
}

/** A form for an object: one control for each of its fields. */
export function SchemaFields({ fields, value, problems, onChange }: FieldsProps) {
  const set = (name: string, next: Json | undefined) => {
    const { [name]: _, ...rest } = value;
    onChange(next === undefined ? rest : order(fields, { ...rest, [name]: next }));
  };
  const wide = wholeLines(fields);
  return (
    <div className="grid gap-x-4 gap-y-4 sm:grid-cols-2">
      {fields.map((field) => (
        <div key={field.name} className={wide.has(field) ? "sm:col-span-2" : ""}>
          <SchemaField
            field={field}
            value={value[field.name]}
            problems={within(problems, field.name)}
            onChange={(next) => set(field.name, next)}
          />
        </div>
      ))}
    </div>
  );
}

/** Return the keys in the schema's order, unknown keys last, so that the form does not change the order in the JSON. */
function order(fields: FieldSpec[], value: JsonObject): JsonObject {
  const known = fields.map((field) => field.name).filter((name) => name in value);
  const others = Object.keys(value).filter((name) => !known.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, value[name] ?? null]));
}

function SchemaField(props: SchemaFieldProps) {
  const { control } = props.field;
  if (control.kind === "object") return <ObjectField {...props} fields={control.fields} />;
  if (control.kind !== "list") return <SchemaControl {...props} />;
  return <ListControl {...props} item={control.item} hint={hintOf(props.field)} renderItem={ListItem} />;
}

/** Edit one item of a list. */
function ListItem(props: SchemaFieldProps) {
  const { field, value, problems, onChange } = props;
  if (field.control.kind !== "object") return <SchemaField {...props} />;
  return (
    <div className="border border-line p-3">
      <SchemaFields
        fields={field.control.fields}
        value={isObject(value) ? value : {}}
        problems={problems}
        onChange={onChange}
      />
    </div>
  );
}

/** Edit an object inside an object; an optional object can be added and removed. */
function ObjectField({
  field,
  value,
  problems,
  onChange,
  fields,
}: SchemaFieldProps & { fields: FieldSpec[] }) {
  const set = isObject(value);
  return (
    <fieldset className="border border-line p-3">
      <legend className="px-1 text-xs font-medium">{field.title}</legend>
      <div className="flex items-center justify-between gap-3">
        <p className="text-xs text-faint">{field.description}</p>
        {!field.required && (
          <Button
            size="sm"
            tone="ghost"
            icon={set ? <IconClose width={12} height={12} /> : <IconPlus width={12} height={12} />}
            onClick={() => onChange(set ? undefined : blank(field))}
          >
            {set ? t.removeShort : t.add(field.title)}
          </Button>
        )}
      </div>
      {problems[""] && <p className="mt-1 text-xs text-red">{problems[""]}</p>}
      {(set || field.required) && (
        <div className="mt-3">
          <SchemaFields fields={fields} value={set ? value : {}} problems={problems} onChange={onChange} />
        </div>
      )}
    </fieldset>
  );
}
