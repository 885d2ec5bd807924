import { lazy, Suspense, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { readQuery, type Change } from "@/jobs/search";
import { inputClass } from "@/ui/Field";
import { IconSearch } from "@/ui/icons";
import { t } from "@/texts/en/list";

const Offers = lazy(() => import("./Offers"));
const OFFERS = "job-search-offers";

/** Type one or several parts of a search; Enter adds them to those that are set. */
export function SearchBox({ onSearch }: { onSearch: (change: Change) => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLInputElement>(null);
  return (
    <form
      role="search"
      className="relative min-w-0 flex-[1_1_14rem] max-sm:basis-full sm:max-w-80"
      onSubmit={(event) => {
        event.preventDefault();
        if (!text.trim()) return;
        onSearch(readQuery(text));
        setText("");
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
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          box.current?.blur();
        }}
        className={cx(inputClass, "bg-panel ps-8")}
      />
      {/* Always there: with it the input is a combobox. */}
      <datalist id={OFFERS}>
        {text && (
          <Suspense>
            <Offers text={text} />
          </Suspense>
        )}
      </datalist>
    </form>
  );
}
