import { parse, stringify, type Json } from "@/lib/json";
import { Field, inputClass } from "@/ui/Field";
import { Chips } from "./Chips";
import { JsonInput, NumberInput, TextInput, words } from "./inputs";
import type { SchemaFieldProps } from "./props";
import type { FieldSpec } from "./controls";
import { UploadControl } from "./UploadControl";
import { t } from "@/texts/en/create";

/** Describe a field, its range and its default. */
export function hintOf(field: FieldSpec): string {
  const { fallback, description, control } = field;
  const shown =
    /\bdefault/i.test(description) ||
    fallback === undefined ||
    fallback === null ||
    (Array.isArray(fallback) && fallback.length === 0)
      ? ""
      : t.standard(Array.isArray(fallback) ? fallback.map(words).join(", ") : words(fallback));
  const range =
    control.kind === "number" && (control.min !== null || control.max !== null)
      ? t.range(String(control.min ?? "…"), String(control.max ?? "…"))
      : "";
  return [description, range, shown].filter(Boolean).join(" ");
}

/** Edit one value that is neither an object nor a list of any values. */
export function SchemaControl(props: SchemaFieldProps) {
  const { field, value, problems, onChange } = props;
  const { control } = field;
  const shared = { label: field.title, hint: hintOf(field), error: problems[""], required: field.required };
  switch (control.kind) {
    case "choices":
      return <Choices {...props} options={control.options} hint={shared.hint} />;
    case "chips":
      return <ChipsField {...props} shared={shared} />;
    case "upload":
      return (
        <Field {...shared}>
          {(input) => (
            <UploadControl input={input} value={typeof value === "string" ? value : ""} onChange={onChange} />
          )}
        </Field>
      );
    case "boolean":
      return (
        <Field {...shared}>
          {(input) => (
            <input
              {...input}
              type="checkbox"
              className="size-4"
              checked={value === true || (value === undefined && field.fallback === true)}
              onChange={(event) => onChange(event.target.checked)}
            />
          )}
        </Field>
      );
    case "choice":
      return (
        <Field {...shared}>
          {(input) => (
            <select
              {...input}
              className={inputClass}
              value={value === undefined ? "" : stringify(value)}
              onChange={(event) =>
                onChange(event.target.value ? (parse(event.target.value) as Json) : undefined)
              }
            >
              {!field.required && (
                <option value="">
                  {field.fallback == null ? t.notSet : t.defaultValue(words(field.fallback))}
                </option>
              )}
              {field.required && value === undefined && <option value="">{t.choose}</option>}
              {control.options.map((option) => (
                <option key={stringify(option)} value={stringify(option)}>
                  {typeof option === "string" ? option : stringify(option)}
                </option>
              ))}
            </select>
          )}
        </Field>
      );
    case "number":
      return (
        <Field {...shared}>
          {(input) => <NumberInput input={input} field={field} value={value} onChange={onChange} />}
        </Field>
      );
    case "text":
      return (
        <Field {...shared}>
          {(input) => (
            <TextInput input={input} field={field} control={control} value={value} onChange={onChange} />
          )}
        </Field>
      );
    default:
      return (
        <Field {...shared}>{(input) => <JsonInput input={input} value={value} onChange={onChange} />}</Field>
      );
  }
}

/** Edit a list of short texts; a refused text is marked. */
function ChipsField({
  field,
  value,
  problems,
  onChange,
  shared,
}: SchemaFieldProps & {
  shared: { label: string; hint: string; error: string | undefined; required: boolean };
}) {
  const values = Array.isArray(value)
    ? value.map((one) => (typeof one === "string" ? one : stringify(one)))
    : [];
  const refused = Object.keys(problems).filter((path) => path !== "");
  const error = shared.error ?? (refused[0] === undefined ? undefined : problems[refused[0]]);
  return (
    <Field {...shared} error={error}>
      {(input) => (
        <Chips
          input={input}
          values={values}
          wrong={new Set(refused.map((path) => Number(path.split(".")[0])))}
          placeholder={words(field.example)}
          onChange={(next) => onChange(next.length === 0 && !field.required ? undefined : next)}
        />
      )}
    </Field>
  );
}

function Choices({
  field,
  value,
  problems,
  onChange,
  options,
  hint,
}: SchemaFieldProps & { options: Json[]; hint: string }) {
  const chosen = Array.isArray(value) ? value : Array.isArray(field.fallback) ? field.fallback : [];
  const has = (option: Json) => chosen.some((one) => stringify(one) === stringify(option));
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-xs font-medium">{field.title}</legend>
      <div className="flex flex-wrap gap-1.5">
        {options.map((option) => (
          <label
            key={stringify(option)}
            className="flex h-8 items-center border border-line px-2.5 text-sm text-soft hover:border-strong has-[:checked]:border-accent-text has-[:checked]:bg-wash has-[:checked]:text-text has-[:focus-visible]:outline-2"
          >
            <input
              type="checkbox"
              className="sr-only"
              checked={has(option)}
              onChange={(event) =>
                onChange(
                  options.filter((one) =>
                    stringify(one) === stringify(option) ? event.target.checked : has(one),
                  ),
                )
              }
            />
            {typeof option === "string" ? option : stringify(option)}
          </label>
        ))}
      </div>
      {problems[""] && <p className="text-xs text-red">{problems[""]}</p>}
      {hint && <p className="text-xs text-faint">{hint}</p>}
    </fieldset>
  );
}
