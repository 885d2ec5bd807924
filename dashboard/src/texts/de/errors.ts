import { plural } from "../numbers";
import type { english } from "../en/errors";

export const errors: typeof english = {
  acknowledge: "Zur Kenntnis nehmen",
  resolve: "Behoben",
  reopen: "Wieder öffnen",
  resolvedBy: (by, at) => `Als behoben markiert von ${by}, ${at}`,
  regressed: "Wieder aufgetreten",
  jobsAffected: (jobs) => plural(jobs, "Job", "Jobs"),
  acknowledgedBy: (by, at) => `Zur Kenntnis genommen von ${by}, ${at}`,
  cameAgainSince: "· kam seitdem wieder",
  error: "Fehler",
  lastSeen: (at) => `zuletzt ${at}`,
  firstSeen: (at) => `zuerst ${at}`,
  shareOf: (length) => `letzte ${length}`,
  times: (number, share) => `${number}-mal; das sind ${share}% des häufigsten Fehlers`,
  viewJobs: "Jobs ansehen",
  retryAll: "Alle wiederholen",
  errors: "Fehler",
  summary: (total, groups) =>
    `${plural(total, "gescheiterter Versuch", "gescheiterte Versuche")} in ${plural(groups, "Gruppe", "Gruppen")}`,
  type: "Typ",
  allTypes: "Alle Typen",
  since: "Seit",
  loadingTheErrors: "Fehler werden geladen",
  noGroupsInThisApi: "Diese API-Version hat keine Fehlergruppen",
  couldntLoadErrors: "Fehler konnten nicht geladen werden",
  noErrorsInThis: "Keine Fehler in diesem Zeitraum",
  chooseALongerPeriod: "Wähle einen längeren Zeitraum, um ältere Fehler zu sehen.",
};
