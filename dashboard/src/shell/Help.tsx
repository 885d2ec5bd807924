import { Dialog } from "@/ui/overlay/Dialog";
import { t } from "@/texts/en/help";

/** All shortcuts, for the help. */
const SHORTCUTS = [
  [
    t.anywhere,
    [
      ["⌘K / Ctrl K", t.commandPalette],
      ["g j", t.goToTheJobs],
      ["g q", t.goToTheQueues],
      ["g s", t.goToTheSchedules],
      ["g b", t.goToTheBatches],
      ["g l", t.goToTheLimits],
      ["g e", t.goToTheErrors],
      ["g h", t.goHome],
      ["n", t.newJob],
      [".", t.pauseOrResumeLive],
      ["t", t.switchTheme],
      ["w", t.switchTimes],
      ["?", t.thisHelp],
    ],
  ],
  [
    t.jobsAndJobDetail,
    [
      ["/", t.search],
      ["j  k", t.nextPreviousJob],
      ["Enter", t.openTheRow],
      ["x", t.selectRow],
      [t.shiftWithJk, t.extendTheSelection],
      ["a", t.selectAllMatching],
      ["r", t.retryTheSelectionOr],
      ["c", t.cancelTheSelectionOr],
      ["d", t.discardTheSelectionOr],
      ["u", t.runTheJobNow],
      ["Esc", t.clearOrBack],
    ],
  ],
] as const;

/** Show every shortcut. */
export default function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={t.keyboard} wide>
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
