import { plural } from "../numbers";
import type { english } from "../en/why";

export const why: typeof english = {
  title: "Warum ist er langsam?",
  loading: "Die Antwort wird geladen",
  busy: (busy, all) => `${busy} von ${plural(all, "Worker", "Workern")} beschäftigt`,
  aJob: (time) => `, ${time} pro Job`,
  startsAndArrivals: (starts, arrivals) => `: startet ${starts} pro Minute, ${arrivals} kommen an`,
  noneCame: ": in den letzten 5 Minuten kam kein Job an, und keiner startete",
  paused: (arrivals) => `Angehalten: nichts startet, ${arrivals} pro Minute kommen an`,
  nothingWaits: "kein Job wartet.",
  waiting: (waiting) => `${plural(waiting, "Job", "Jobs")} ${waiting === 1 ? "wartet" : "warten"}.`,
  grows: (waiting, by) => `der Rückstand von ${waiting} wächst um ${by} pro Minute.`,
  shrinks: (waiting, by, time) =>
    `der Rückstand von ${waiting} schrumpft um ${by} pro Minute${time === null ? "." : `, leer in etwa ${time}.`}`,
  emptyIn: (waiting, time) => `der Rückstand von ${waiting} ist in etwa ${time} abgebaut.`,
  steady: (waiting) => `der Rückstand von ${waiting} bleibt gleich.`,
  resumeIt: "Setze ihn fort, wenn der Grund der Pause behoben ist.",
  fixFirst: (percent) =>
    `${percent}% der Versuche der letzten Stunde scheiterten: zuerst die Fehler ansehen.`,
  rateLimits: (rate) =>
    `Seine Rate ist die Grenze, nicht seine Worker: höchstens ${rate}. Ein höheres rate= würde helfen.`,
  moreWorkers: (needed, all) =>
    `Alle Worker sind beschäftigt: concurrency=${needed} statt ${all} würde mithalten, oder kürzere Jobs.`,
  oneAtATime: (field) =>
    `Worker sind frei, aber Jobs mit gleichem ${field} laufen nacheinander. Sieh nach, welche warten.`,
  freeButWaiting: "Worker sind frei, aber Jobs warten. Die Seite eines wartenden Jobs sagt, worauf.",
  viewErrors: "Fehler ansehen",
  viewWaiting: "Wartende Jobs ansehen",
};
