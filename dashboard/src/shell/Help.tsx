import { Dialog } from "@/ui/overlay/Dialog";
import { SHORTCUTS } from "./shortcuts";

/** Every key there is. */
export default function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title="Keyboard" wide>
      <div className="grid gap-6 sm:grid-cols-2">
        {SHORTCUTS.map(([where, keys]) => (
          <section key={where} aria-label={where}>
            <h3 className="mb-2 text-xs font-semibold tracking-wide text-soft uppercase">{where}</h3>
            <dl className="flex flex-col gap-1.5">
              {keys.map(([key, does]) => (
                <div key={key} className="flex items-baseline gap-3 text-sm">
                  <dt className="w-24 shrink-0 font-mono text-xs text-accent-text">{key}</dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
