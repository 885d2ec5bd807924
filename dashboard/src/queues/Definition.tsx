import { Link } from "@tanstack/react-router";
import type { JobType } from "@/api/types";
import { count } from "@/texts/numbers";
import { duration } from "@/lib/time";
import { cx } from "@/lib/cx";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { JsonView } from "@/ui/JsonView";
import { Fact } from "@/ui/Panel";
import { rules } from "./rules";
import { t } from "@/texts/en/queues";

/** Maximum number of waits that are listed one by one. */
const MOST = 8;

/** Return the longest wait before each attempt after the first. */
function waits({ retryWaits, maxAttempts, giveUpAfter }: JobType): string {
  const all = retryWaits.slice(0, maxAttempts - 1).map(duration);
  const shown = all.length > MOST ? [...all.slice(0, MOST - 1), "…", all.at(-1)] : all;
  const end = giveUpAfter === null ? [] : [t.notAfter(duration(giveUpAfter))];
  return [shown.join(", ") || t.noneSuchWait, ...end].join("; ");
}

/**
 * Join the lines of each paragraph, because a docstring breaks lines in other places than the page. Lists are not
 * joined.
 */
function paragraphs(text: string): string {
  return text.replace(/([^\n])\n(?=[^\n\s*-])/g, "$1 ");
}

function Example({ type }: { type: JobType }) {
  const { can } = useMe();
  if (type.example === null) return <p className="text-sm text-soft">{t.noExample}</p>;
  return (
    <>
      <JsonView value={type.example} label={t.exampleOf(type.type)} />
      {can.act && !type.retired && (
        <Link
          to="/create"
          search={{ type: type.type }}
          className={cx(buttonClass("plain", "sm"), "self-start")}
        >
          {t.createFromExample}
        </Link>
      )}
    </>
  );
}

/** Show the settings of a job type, an example and the schema of its payload. */
export function Definition({ type }: { type: JobType }) {
  return (
    <details className="border-t border-line">
      <summary className="px-4 py-2 text-sm text-soft hover:bg-hover hover:text-text">
        {t.definitionAndSchema}
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4">
        <p className="text-sm break-words whitespace-pre-line text-soft">{paragraphs(type.description)}</p>
        <dl className="grid grid-cols-3 gap-x-4 gap-y-2">
          <Fact name={t.attempts}>{type.maxAttempts}</Fact>
          <Fact name={t.timeout}>{duration(type.timeout * 1000)}</Fact>
          <Fact name={t.timeBudgetPerJob}>{duration(type.budget * 1000)}</Fact>
          <Fact name={t.batch}>{type.batchSize}</Fact>
          <Fact name={t.concurrency}>{type.concurrency}</Fact>
          <Fact name={t.memory}>{t.mb(count(type.memory))}</Fact>
        </dl>
        <dl className="flex flex-col gap-2">
          <Fact name={t.waitsBetween}>{waits(type)}</Fact>
          {rules(type).map(([name, text]) => (
            <Fact key={name} name={name}>
              {text}
            </Fact>
          ))}
        </dl>
        <Example type={type} />
        <JsonView value={type.schema} label={t.schemaOf(type.type)} />
      </div>
    </details>
  );
}
