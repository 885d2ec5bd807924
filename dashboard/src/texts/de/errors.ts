import { count, plural } from "../numbers";
import type { english } from "../en/errors";

export const errors: typeof english = {
  acknowledge: "Quittieren",
  deferred: "läuft auf eigenen Wunsch später, nicht fehlgeschlagen",
  resolve: "Behoben",
  reopen: "Wieder öffnen",
  resolvedBy: (by, at) => `Als behoben markiert von ${by}, ${at}`,
  regressed: "Wieder aufgetreten",
  jobsHadIt: (jobs) => `${plural(jobs, "Job", "Jobs")} betroffen`,
  haveIt: "Jobs jetzt:",
  haveItHint:
    "Jobs aller Zeiten, deren letzter Fehler dieser ist. Ein Job, der fertig ist oder noch einmal ausgeführt wurde, hat ihn nicht mehr.",
  nowIn: (jobs, status, label) =>
    status === "dead_letter"
      ? plural(jobs, "Dead Letter", "Dead Letters")
      : status === "retrying"
        ? `${count(jobs)} wartend`
        : status === "processing"
          ? plural(jobs, "läuft", "laufen")
          : `${count(jobs)} ${label.toLowerCase()}`,
  noneHasIt: "Kein Job hat ihn jetzt",
  acknowledgedBy: (by, at) => `Quittiert von ${by}, ${at}`,
  cameAgainSince: "· seitdem wieder aufgetreten",
  error: "Fehler",
  lastSeen: (at) => `zuletzt gesehen ${at}`,
  firstSeen: (at) => `zuerst gesehen ${at}`,
  shareOf: (length) => `letzte ${length}`,
  times: (number, share) => `${number}-mal; das sind ${share} % des häufigsten Fehlers`,
  viewJobs: "Jobs ansehen",
  countAndRetry: "Zählen und wiederholen …",
  compareStacks: "Stacks vergleichen",
  compareJobs: "Der Fehler in zwei Jobs",
  oneJob: "Ein Job",
  otherJob: "Der andere Job",
  loadingTheJobs: "Jobs werden geladen …",
  nothingToCompare: "Weniger als zwei seiner Jobs sind noch vorhanden.",
  sinceDeploy: (version, length) => `seit Deployment ${version}, ${length} danach`,
  errors: "Fehler",
  summary: (total, groups) =>
    `${plural(total, "fehlgeschlagener Versuch", "fehlgeschlagene Versuche")} in ${plural(groups, "Gruppe", "Gruppen")}`,
  type: "Typ",
  allTypes: "Alle Typen",
  show: "Zeigen",
  allGroups: "Alle",
  notAcknowledged: "Nicht quittiert",
  since: "Seit",
  loadingTheErrors: "Fehler werden geladen",
  noGroupsInThisApi: "Diese API-Version hat keine Fehlergruppen",
  couldntLoadErrors: "Fehler konnten nicht geladen werden",
  noErrorsInThis: "Keine Fehler in diesem Zeitraum",
  chooseALongerPeriod: "Wähle einen längeren Zeitraum, um ältere Fehler zu sehen.",
};
