import { texts } from "../texts";

/** A sentence of the provider or the API, in brackets. */
const added = (detail: string) => (detail ? ` (${detail})` : "");

export const english = {
  signInWith: (name: string) => `Sign in with ${name}`,
  orToken: "Or use an API token. It is kept for this tab only. To get one, ask an admin, or run",
  signingIn: "Signing in",
  ended: "Your session has ended. Sign in again to continue here.",
  cannotBegin:
    "This browser does not let the page begin a sign-in: allow storage for this site, and use HTTPS.",
  failed: {
    cancelled: () => "The sign-in was cancelled.",
    provider: (detail: string) => `The identity provider did not sign you in${added(detail)}.`,
    notBegun: () => "This sign-in was not begun in this tab, or it was used before. Sign in again.",
    exchange: (detail: string) =>
      `The identity provider did not complete the sign-in${added(detail)}. Sign in again.`,
    refused: (detail: string) => detail || "The API did not accept the sign-in. Sign in again.",
    noRole: () =>
      "You are known to the identity provider, but none of your groups has a role here. Ask an administrator to add you to a group.",
    unavailable: () =>
      "The sign-in could not be checked: the API or the identity provider does not answer. Sign in again in a moment.",
    tooMany: () => "Too many sign-ins. Try again in a minute.",
  },
};

export const t = texts("signIn", english);
