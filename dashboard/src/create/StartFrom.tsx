import { useQuery } from "@tanstack/react-query";
import { jobHead } from "@/api/jobs/jobs";
import type { JobType } from "@/api/types";
import { oneLine } from "@/lib/format";
import { isObject, parseJson, stringify, type JsonObject } from "@/lib/json";
import { Button } from "@/ui/Button";
import { IconDown } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import type { MenuEntry } from "@/ui/overlay/menuEntries";
import { sentPayloads } from "./kept";
import { starter } from "./starter";
import { t } from "@/texts/en/create";

const LATEST = 20;
const MOST = 5;

/** Fill in the payload: with the example, with nothing, or with a payload that was sent before. */
export function StartFrom({ type, onPick }: { type: JobType; onPick: (payload: JsonObject) => void }) {
  const mine = sentPayloads(type.type);
  const { data } = useQuery({ ...jobHead({ type: type.type }, LATEST), staleTime: 30_000 });
  const theirs = new Set(
    data?.jobs.filter((job) => isObject(job.payload)).map((job) => stringify(job.payload)),
  );
  const others = [...theirs].filter((one) => !mine.includes(one)).slice(0, MOST);
  const entry = (text: string): MenuEntry => ({
    kind: "item",
    text: <span className="block max-w-72 truncate font-mono text-xs">{oneLine(text, 80)}</span>,
    run: () => {
      const read = parseJson(text);
      if (read.ok && isObject(read.value)) onPick(read.value);
    },
  });
  const group = (label: string, texts: string[]): MenuEntry[] =>
    texts.length > 0 ? [{ kind: "label", text: label }, ...texts.map(entry)] : [];
  return (
    <Menu
      trigger={
        <Button size="sm" tone="ghost">
          {t.prefill} <IconDown width={10} height={10} />
        </Button>
      }
      entries={[
        { kind: "item", text: t.example, run: () => onPick(starter(type)) },
        { kind: "item", text: t.empty, run: () => onPick({}) },
        ...group(t.sentFromThisTab, mine),
        ...group(t.recentJobs, others),
      ]}
    />
  );
}
