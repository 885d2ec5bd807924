import { useMemo, useState } from "react";
import type { JobType } from "@/api/types";
import { isObject, parseJson, pretty, type JsonObject } from "@/lib/json";
import { cx } from "@/lib/cx";
import { oneLine } from "@/lib/format";
import { usePrefs } from "@/session/prefs";
import { Button } from "@/ui/Button";
import { Field, inputClass, Segments } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import type { MenuEntry } from "@/ui/menuEntries";
import { IconDown } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { starter } from "./draft";
import { fieldsOf } from "./schema";
import { SchemaFields } from "./SchemaFields";
import type { Problems } from "./validate";

interface PayloadPanelProps {
  type: JobType;
  payload: JsonObject;
  problems: Problems;
  onChange: (next: JsonObject) => void;
  /** Why the JSON as typed is no payload; null when it is one. */
  onBroken: (why: string | null) => void;
}

const VIEWS = [
  ["form", "Form"],
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
      title="Payload"
      actions={
        <>
          <StartFrom type={type} onPick={replace} />
          <Segments label="Show the payload as" value={view} options={VIEWS} onChange={show} />
        </>
      }
    >
      {view === "form" ? (
        <SchemaFields fields={fields} value={payload} problems={problems} onChange={onChange} />
      ) : (
        <Field label="Payload as JSON" error={broken ?? jsonProblems(problems)}>
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
  return isObject(read.value)
    ? { value: read.value, error: null }
    : { value: null, error: "A payload is a JSON object: { … }." };
}

function jsonProblems(problems: Problems): string | undefined {
  const found = Object.entries(problems).map(([path, problem]) => (path ? `${path}: ${problem}` : problem));
  return found.length ? found.join(" ") : undefined;
}

/** The example, nothing, or what was sent before. */
function StartFrom({ type, onPick }: { type: JobType; onPick: (payload: JsonObject) => void }) {
  const recent = usePrefs().recent[type.type] ?? [];
  const pick = (text: string) => {
    const read = parseJson(text);
    if (read.ok && isObject(read.value)) onPick(read.value);
  };
  const sent = recent.map((one): MenuEntry => ({
    kind: "item",
    text: <span className="block max-w-64 truncate font-mono text-xs">{oneLine(one, 80)}</span>,
    run: () => pick(one),
  }));
  return (
    <Menu
      trigger={
        <Button size="sm" tone="ghost">
          Start from <IconDown width={10} height={10} />
        </Button>
      }
      entries={[
        { kind: "item", text: "The example", run: () => onPick(starter(type)) },
        { kind: "item", text: "Nothing", run: () => onPick({}) },
        ...(sent.length ? [{ kind: "label", text: "Sent from this browser" } as const, ...sent] : []),
      ]}
    />
  );
}
