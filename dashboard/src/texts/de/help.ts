import type { english } from "../en/help";

export const help: typeof english = {
  keyboard: "Tastatur",
  commandPalette: "Befehle",
  pauseOrResumeLive: "Aktualisierung anhalten oder fortsetzen",
  switchTheme: "Farben wechseln",
  anywhere: "Überall",
  goToTheJobs: "Zu den Jobs",
  goToTheQueues: "Zu den Queues",
  goToTheErrors: "Zu den Fehlern",
  goHome: "Zur Startseite",
  newJob: "Neuer Job",
  thisHelp: "Diese Hilfe",
  jobsAndJobDetail: "Jobs und Job-Seite",
  search: "Suchen",
  nextPreviousJob: "Nächster, voriger Job",
  openTheRow: "Zeile öffnen",
  selectRow: "Zeile auswählen",
  extendTheSelection: "Auswahl erweitern",
  selectAllMatching: "Alle Treffer auswählen",
  retryTheSelectionOr: "Auswahl oder Job wiederholen",
  cancelTheSelectionOr: "Auswahl oder Job abbrechen",
};
