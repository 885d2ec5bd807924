import { count, plural } from "../numbers";
import type { english } from "../en/actions";

export const actions: typeof english = {
  cancellationRequestedFor: (name) => `Abbruch von ${name} angefordert.`,
  editPayload: "Payload bearbeiten",
  actNow: {
    retry: "Jetzt wiederholen",
    cancel: "Jetzt abbrechen",
    discard: "Jetzt verwerfen",
    run: "Jetzt ausführen",
  },
  actMany: {
    retry: (n) => `${plural(n, "Job", "Jobs")} wiederholen`,
    cancel: (n) => `${plural(n, "Job", "Jobs")} abbrechen`,
    discard: (n) => `${plural(n, "Job", "Jobs")} verwerfen`,
  },
  requeuesTheJobIn: "Stellt den Job wieder in die Queue",
  withTheSamePayload: (maxAttempts) =>
    `mit derselben Payload. Die Versuche beginnen wieder bei 1 von ${maxAttempts}; der Verlauf bleibt.`,
  retryFrom: "Wiederholen ab",
  whereItStopped: "der Stelle, an der er stehen blieb",
  fromTheStart: "dem Anfang",
  isKept: "Bleibt erhalten",
  runsAnew: "Läuft neu",
  eventsAgain: "Ereignisse, die noch einmal kommen müssen",
  nothing: "nichts Gespeichertes",
  cancelRunning: "Der Job läuft. Er hält an, sobald er das nächste Mal prüft, ob er abgebrochen wurde.",
  cancelMade: "Auch die von ihm erzeugten Jobs abbrechen",
  cancelledMade: (cancelled: number, asked: number, more: boolean) =>
    `Von den erzeugten Jobs wurden ${cancelled} abgebrochen und ${asked} zum Anhalten aufgefordert.${more ? " Es gibt noch mehr: noch einmal abbrechen." : ""}`,
  cancelUndoes:
    "Der Job hat Schritte ausgeführt: Seine Funktion erfährt beim nächsten Schritt oder Warten davon und kann sie rückgängig machen. Um einen wartenden Job sofort anzuhalten, brich ihn nach einer Minute noch einmal ab.",
  cancelWaiting: "Der Job wird sofort abgebrochen. Du kannst ihn später wiederholen.",
  runMeaning:
    "Die Wartezeit endet: Der nächste freie Worker übernimmt ihn. Verbrauchte Versuche bleiben verbraucht.",
  discardMeaning:
    "Er wird ohne Ausführung abgeschlossen und zählt als abgebrochen. Du kannst ihn später wiederholen.",
  discardHint: "Bleibt beim Job und im Audit-Log, höchstens 200 Zeichen. Keine personenbezogenen Daten.",
  redriveMeaning: "Jeder Job beginnt wieder bei Versuch 1. Seine Nachricht verlässt die Dead-Letter-Queue.",
  keepJobs: "Jobs behalten",
  cancel: "Schließen",
  counting: (n) => (n ? `Wird gezählt: bisher ${count(n)}` : "Wird gezählt …"),
  notCounted: (problem) => `Die Jobs konnten nicht gezählt werden: ${problem}`,
  countStopped: "Das Zählen wurde angehalten.",
  countAgain: "Noch einmal zählen",
  skippedBecause: (n, reason) => `${plural(n, "Job", "Jobs")} übersprungen: ${reason}`,
  correlationId: (id) => `Korrelations-ID ${id}`,
  thisError: "diesem Fehler",
  deadLettersOf: (n, type) => `${plural(n, "Dead-Letter-Job", "Dead-Letter-Jobs")} von ${type}`,
  selectedJobs: (n) => counted(n, "ausgewählten Job", "ausgewählte Jobs"),
  matchingJobs: (n) => counted(n, "Treffer", "Treffer"),
  jobsFailedWith: (n, error) => `${counted(n, "Job", "Jobs")} mit dem Fehler ${error}`,
  editManyTitle: "Ein Feld ändern und wiederholen",
  editManyMeaning:
    "Ein Feld der Payloads bekommt einen anderen Wert; dann laufen die Jobs wieder ab dem ersten Versuch. Jede frühere Payload bleibt bei ihrem Job.",
  payloadField: "Feld",
  chooseField: "Feld wählen",
  newValue: "Neuer Wert",
  newValueAsJson: "Als JSON: eine Zahl, true, false, null oder ein Text in Anführungszeichen.",
  differentValues: (n) => plural(n, "Wert", "Werte"),
  changes: "Änderungen",
  onlyLoadedShown: "Nur die geladenen Jobs sind aufgeführt.",
  moreChanges: (n) => `Und ${plural(n, "weiterer Job", "weitere Jobs")}.`,
  haveItAlready: (n) => `${plural(n, "Job hat", "Jobs haben")} diesen Wert schon.`,
  payloadsNotLoaded: (n) =>
    `${plural(n, "Payload steht", "Payloads stehen")} nicht in der Liste: zu groß oder bei einem Wiederholen ersetzt.`,
  loadingPayloads: "Die Payloads, die nicht in der Liste stehen, werden geladen …",
  noFields: "Es wurde kein Feld gefunden, das hier geändert werden kann.",
  emptyText: "Auf den leeren Text setzen",
  doneOne: {
    retry: (name) => `Job ${name} wieder in der Queue.`,
    cancel: (name) => `Job ${name} abgebrochen.`,
    discard: (name) => `Job ${name} verworfen.`,
    run: (name) => `Job ${name} ist jetzt fällig.`,
  },
  askOne: {
    retry: (name) => `Job ${name} wiederholen?`,
    cancel: (name) => `Job ${name} abbrechen?`,
    discard: (name) => `Job ${name} verwerfen?`,
    run: (name) => `Job ${name} jetzt ausführen?`,
  },
  askMany: {
    retry: (jobs) => `${jobs} wiederholen?`,
    cancel: (jobs) => `${jobs} abbrechen?`,
    discard: (jobs) => `${jobs} verwerfen?`,
  },
  outlook: {
    retry: (n) => `${plural(n, "Job wird", "Jobs werden")} wiederholt.`,
    cancel: (n) => `${plural(n, "Job wird", "Jobs werden")} abgebrochen.`,
    discard: (n) => `${plural(n, "Job wird", "Jobs werden")} verworfen.`,
  },
};

function counted(n: number | null, one: string, other: string): string {
  return n === null ? other : plural(n, one, other);
}
