import { count, plural } from "../numbers";
import type { english } from "../en/bulk";

export const bulk: typeof english = {
  bulkActions: "Sammelaktionen",
  stoppedByError: "Durch einen Fehler angehalten.",
  stopped: "Angehalten.",
  stop: "Anhalten",
  stopping: "Wird angehalten …",
  dismiss: "Schließen",
  aSecond: (jobs) => `${jobs} pro Sekunde`,
  startedBy: (who) => `gestartet von ${who}`,
  others: (n) => plural(n, "weitere Sammelaktion", "weitere Sammelaktionen"),
  auditLog: "Audit-Log",
  notFound: "Sammelaktion nicht gefunden",
  keptFor: "Sammelaktionen bleiben 30 Tage erhalten; die neuesten 50 stehen hier.",
  couldntLoad: "Sammelaktionen konnten nicht geladen werden",
  loading: "Lädt …",
  none: "Keine Sammelaktionen",
  howToStart:
    "Wähle Jobs auf der Seite der Jobs oder einen Fehler aus, um viele auf einmal zu wiederholen, abzubrechen oder zu verwerfen.",
  state: {
    running: "Läuft,",
    stopping: "Wird angehalten,",
    stopped: "Angehalten,",
    done: "Fertig,",
    failed: "Durch einen Fehler angehalten,",
  },
  changed: { retry: "Wieder in der Queue", cancel: "Abgebrochen", discard: "Verworfen" },
  skipped: "Übersprungen",
  took: "Dauer",
  speed: "Tempo",
  chosenById: "Einzeln ausgewählte Jobs.",
  chosenAll: "Alle Jobs.",
  chosenByFilter: "Jobs mit",
  edited: "Payloads geändert:",
  outcome: "Was aus den geänderten Jobs wurde",
  fates: {
    completed: "Fertig",
    again: "Wieder fehlgeschlagen",
    waiting: "Noch nicht beendet",
    cancelled: "Abgebrochen",
  },
  onlyFirst: (looked, changed) => `Die ersten ${count(looked)} von ${count(changed)} geänderten Jobs.`,
  gone: (n) => `${plural(n, "Job davon ist", "Jobs davon sind")} nicht mehr gespeichert.`,
  moreRows: (n) => `Und ${plural(n, "weiterer Job", "weitere Jobs")}.`,
  problem: (error) => `${error}. Die Jobs werden noch einmal versucht.`,
  progress: {
    retry: (done, whole) => `${count(done)}${of(whole)} wiederholt`,
    cancel: (done, whole) => `${count(done)}${of(whole)} abgebrochen`,
    discard: (done, whole) => `${count(done)}${of(whole)} verworfen`,
  },
  result: {
    retry: (done, skipped) => `${plural(done, "Job", "Jobs")} wieder in der Queue${left(skipped)}.`,
    cancel: (done, skipped) => `${plural(done, "Job", "Jobs")} abgebrochen${left(skipped)}.`,
    discard: (done, skipped) => `${plural(done, "Job", "Jobs")} verworfen${left(skipped)}.`,
  },
};

function of(whole: number | null): string {
  return whole === null ? "" : ` von ${count(whole)}`;
}

function left(skipped: number): string {
  return skipped > 0 ? `; ${count(skipped)} übersprungen` : "";
}
