import { useMemo, useState } from "react";
import type { JobType } from "@/api/types";
import { isObject, parseJson, pretty, type JsonObject } from "@/lib/json";
import { cx } from "@/lib/cx";
import { Field, inputClass, Segments } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { fieldsOf } from "@/create/fields/controls";
import { SchemaFields } from "@/create/fields/SchemaFields";
import { StartFrom } from "./StartFrom";
import type { Problems } from "@/create/fields/problems";
import { t } from "@/texts/en/create";

interface PayloadPanelProps {
  type: JobType;
  payload: JsonObject;
  problems: Problems;
  onChange: (next: JsonObject) => void;
  /** The problem of the typed JSON; null if it is a payload. */
  onBroken: (why: string | null) => void;
}

const VIEWS = [
  ["form", t.form],
  ["json", "JSON"],
] as const;

/** The payload as a form or as JSON: two views of one value. */
export function PayloadPanel({ type, payload, problems, onChange, onBroken }: PayloadPanelProps) {
  const [view, setView] = useState<"form" | "json">("form");
  const [text, setText] = useState("");
  const fields = useMemo(() => fieldsOf(type.schema), [type]);
  const replace = (next: JsonObject) => {
    onBroken(null);
    onChange(next);
    setText(pretty(next));
  };
  const show = (next: "form" | "json") => {
    if (next === "json") setText(pretty(payload));
    else if (!readObject(text).value) return;
    setView(next);
  };
  const edit = (next: string) => {
    setText(next);
    const { value, error } = readObject(next);
    onBroken(error);
    if (value) onChange(value);
  };
  const broken = view === "json" ? readObject(text).error : null;
  return (
    <Panel
      title={t.payload}
      actions={
        <>
          <StartFrom type={type} onPick={replace} />
          <Segments label={t.showThePayloadAs} value={view} options={VIEWS} onChange={show} />
        </>
      }
    >
      {view === "form" ? (
        <SchemaFields fields={fields} value={payload} problems={problems} onChange={onChange} />
      ) : (
        <Field label={t.payloadAsJson} error={broken ?? jsonProblems(problems)}>
          {(control) => (
            <textarea
              {...control}
              spellCheck={false}
              rows={Math.min(28, Math.max(10, text.split("\n").length + 1))}
              className={cx(inputClass, "h-auto py-2 font-mono text-xs")}
              value={text}
              onChange={(event) => edit(event.target.value)}
            />
          )}
        </Field>
      )}
      {view === "form" && problems[""] && <p className="mt-3 text-xs text-red">{problems[""]}</p>}
    </Panel>
  );
}

function readObject(text: string): { value: JsonObject | null; error: string | null } {
  const read = parseJson(text);
  if (!read.ok) return { value: null, error: read.error };
  return isObject(read.value) ? { value: read.value, error: null } : { value: null, error: t.notAnObject };
}

function jsonProblems(problems: Problems): string | undefined {
  const found = Object.entries(problems).map(([path, problem]) => (path ? `${path}: ${problem}` : problem));
  return found.length ? found.join(" ") : undefined;
}
