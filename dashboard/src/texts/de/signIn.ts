import type { english } from "../en/signIn";

const added = (detail: string) => (detail ? ` (${detail})` : "");

export const signIn: typeof english = {
  signInWith: (name) => `Mit ${name} anmelden`,
  orToken:
    "Oder benutze ein API-Token. Es gilt nur für diesen Tab. Du bekommst eines von einem Admin oder mit",
  signingIn: "Anmeldung läuft",
  ended: "Deine Sitzung ist beendet. Melde dich neu an, um hier weiterzuarbeiten.",
  cannotBegin:
    "Dieser Browser lässt die Seite keine Anmeldung beginnen: erlaube dieser Website, Daten zu speichern, und benutze HTTPS.",
  failed: {
    cancelled: () => "Die Anmeldung wurde abgebrochen.",
    provider: (detail) => `Der Identitätsanbieter hat dich nicht angemeldet${added(detail)}.`,
    notBegun: () =>
      "Diese Anmeldung wurde nicht in diesem Tab begonnen oder schon einmal benutzt. Melde dich neu an.",
    exchange: (detail) =>
      `Der Identitätsanbieter hat die Anmeldung nicht abgeschlossen${added(detail)}. Melde dich neu an.`,
    refused: (detail) => `Die API hat die Anmeldung abgelehnt${added(detail)}.`,
    noRole: () =>
      "Der Identitätsanbieter kennt dich, aber keine deiner Gruppen hat hier eine Rolle. Bitte einen Administrator, dich in eine Gruppe aufzunehmen.",
    unavailable: () =>
      "Die Anmeldung konnte nicht geprüft werden: die API oder der Identitätsanbieter antwortet nicht. Versuche es gleich noch einmal.",
    tooMany: () => "Zu viele Anmeldungen. Versuche es in einer Minute noch einmal.",
  },
};
