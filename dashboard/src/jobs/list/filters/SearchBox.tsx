import { lazy, Suspense, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { readQuery, type Change, type Unknown } from "@/jobs/search";
import { Button } from "@/ui/Button";
import { inputClass } from "@/ui/Field";
import { STATUSES } from "@/jobs/status";
import { IconSearch } from "@/ui/icons";
import { t } from "@/texts/en/list";

const Offers = lazy(() => import("./Offers"));
const OFFERS = "job-search-offers";

/** Type one or more parts of a search; Enter adds them to the existing parts. */
export function SearchBox({ onSearch }: { onSearch: (change: Change) => void }) {
  const [text, setText] = useState("");
  const [unknown, setUnknown] = useState<Unknown | null>(null);
  const search = (change: Change) => {
    onSearch(change);
    setText("");
    setUnknown(null);
  };
  const box = useRef<HTMLInputElement>(null);
  return (
    <form
      role="search"
      className="relative min-w-0 flex-[1_1_14rem] max-sm:basis-full sm:max-w-80"
      onSubmit={(event) => {
        event.preventDefault();
        if (!text.trim()) return;
        const read = readQuery(text);
        if (read.unknown) setUnknown(read.unknown);
        else search(read.sought);
      }}
    >
      <IconSearch className="pointer-events-none absolute start-2 top-2 text-faint" />
      <input
        ref={box}
        id="job-search"
        aria-label={t.findJobs}
        aria-keyshortcuts="/"
        placeholder={t.idErrorTextTag}
        list={OFFERS}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setUnknown(null);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          setUnknown(null);
          box.current?.blur();
        }}
        className={cx(inputClass, "bg-panel ps-8 placeholder-shown:text-ellipsis")}
      />
      {/* Always in the page, because it makes the input a combobox. */}
      <datalist id={OFFERS}>
        {text && (
          <Suspense>
            <Offers text={text} />
          </Suspense>
        )}
      </datalist>
      {unknown && (
        <div
          role="alert"
          className="pop absolute start-0 top-full w-max max-w-[min(calc(100vw-3rem),28rem)] min-w-full z-30 mt-1 flex flex-col items-start gap-2 border border-strong bg-panel p-3 text-sm shadow-float"
        >
          <p>{t.unknownPart(unknown.typed)}</p>
          {unknown.corrected !== null ? (
            <Button
              size="sm"
              tone="primary"
              onClick={() => search(readQuery(unknown.corrected ?? "").sought)}
            >
              {t.didYouMean(unknown.corrected)}
            </Button>
          ) : (
            <p className="text-soft">
              {unknown.wholeId ? t.needsWholeId : t.knownStatuses(STATUSES.join(", "))}
            </p>
          )}
          <Button size="sm" onClick={() => search({ q: text.trim() })}>
            {t.searchAsText(text.trim())}
          </Button>
        </div>
      )}
    </form>
  );
}
