import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { count } from "@/texts/numbers";
import { useStore } from "@/lib/store";
import { IconDown, IconLeft, IconUp } from "@/ui/icons";
import { placeOf, trail } from "@/jobs/trail";
import { t } from "@/texts/en/detail";

/** Link to the list, and to its next and previous job. */
export function JobSteps({ id }: { id: string }) {
  const { search, ids } = useStore(trail);
  const { number, before, after } = placeOf(id, ids);
  return (
    <nav aria-label={t.listOfThisJob} className="mb-1 flex h-6 items-center gap-1 text-xs text-soft">
      <Link
        to="/dashboard"
        search={search}
        resetScroll={false}
        aria-keyshortcuts="Escape"
        className="inline-flex h-6 items-center gap-1 hover:text-text"
      >
        <IconLeft width={12} height={12} /> {t.jobs}
      </Link>
      {number > 0 && ids.length > 1 && (
        <>
          <span className="nums ms-3 me-1 text-faint">{t.placeOf(count(number), count(ids.length))}</span>
          <Step to={before} label={t.previousJob} shortcut="k">
            <IconUp width={12} height={12} />
          </Step>
          <Step to={after} label={t.nextJob} shortcut="j">
            <IconDown width={12} height={12} />
          </Step>
        </>
      )}
    </nav>
  );
}

interface StepProps {
  to: string | undefined;
  label: string;
  shortcut: string;
  children: ReactNode;
}

function Step({ to, label, shortcut, children }: StepProps) {
  const box = "inline-flex size-6 items-center justify-center border border-line";
  if (to === undefined)
    return (
      <span aria-hidden="true" className={`${box} opacity-40`}>
        {children}
      </span>
    );
  return (
    <Link
      to="/jobs/$id"
      params={{ id: to }}
      replace
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={`${label} (${shortcut})`}
      className={`${box} hover:border-strong hover:text-text`}
    >
      {children}
    </Link>
  );
}
