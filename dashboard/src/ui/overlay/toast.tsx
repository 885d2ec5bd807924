import { createStore, useStore } from "@/lib/store";
import { cx } from "@/lib/cx";
import { IconButton, Button } from "@/ui/Button";
import { IconAlert, IconCheck, IconClose } from "@/ui/icons";
import { t } from "@/texts/en/base";

interface Toast {
  id: number;
  tone: "done" | "problem";
  text: string;
  detail?: string | undefined;
  action?: { label: string; run: () => void } | undefined;
}
type Extra = Pick<Toast, "detail" | "action">;

const toasts = createStore<Toast[]>([]);
let last = 0;
const LASTS_MS = 6000;
const PROBLEM_LASTS_MS = 12_000;
const MOST = 3;

function show(tone: Toast["tone"], text: string, extra: Extra = {}): void {
  const id = ++last;
  toasts.update((now) => [...now.slice(1 - MOST), { id, tone, text, ...extra }]);
  setTimeout(() => dismiss(id), tone === "done" ? LASTS_MS : PROBLEM_LASTS_MS);
}

function dismiss(id: number): void {
  toasts.update((now) => now.filter((one) => one.id !== id));
}

/** Show a short message. */
export const toast = {
  done: (text: string, extra?: Extra) => show("done", text, extra),
  problem: (text: string, extra?: Extra) => show("problem", text, extra),
};

export function Toaster() {
  const now = useStore(toasts);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-16 z-[60] flex flex-col items-end gap-2 sm:bottom-4"
    >
      {now.map((one) => (
        <div
          key={one.id}
          data-toast={one.tone}
          className={cx(
            "pop pointer-events-auto flex w-full max-w-sm items-start gap-3 border border-s-2 border-strong bg-panel py-2 ps-3 pe-2 shadow-float",
            one.tone === "done" ? "border-s-green" : "border-s-red",
          )}
        >
          <span className={cx("mt-1", one.tone === "done" ? "text-green" : "text-red")}>
            {one.tone === "done" ? <IconCheck /> : <IconAlert />}
          </span>
          <div className="min-w-0 flex-1 py-0.5 text-sm">
            <p className="break-words">{one.text}</p>
            {one.detail && <p className="font-mono text-xs break-all text-soft">{one.detail}</p>}
          </div>
          {one.action && (
            <Button
              size="sm"
              onClick={() => {
                one.action?.run();
                dismiss(one.id);
              }}
            >
              {one.action.label}
            </Button>
          )}
          <IconButton label={t.dismiss} className="size-7" onClick={() => dismiss(one.id)}>
            <IconClose />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
