import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  tokens: "Tokens",
  summary: (working: number) => `${plural(working, "token")} in use`,
  loading: "Loading tokens",
  onlyAdmins: "Only administrators can see the tokens",
  onlyAdminsHint: "Sign in with a token of the role admin.",
  couldntLoad: "Couldn't load the tokens",
  show: "Show",
  working: "Valid",
  all: "All",
  none: "No tokens",
  howTo: "Commands issue, rotate and revoke tokens:",
  commands: "jobflow token issue | rotate | revoke",
  state: { works: "Valid", expired: "Expired", revoked: "Revoked" },
  secretOf: (principal: string) => `Another secret of ${principal}`,
  created: "Created",
  by: (who: string) => `by ${who}`,
  expires: "Expires",
  expired: "Expired",
  never: "Never",
  lastUse: "Last use",
  lastUseHint: "To about an hour",
  everything: "All jobs",
  types: (names: string) => `Types: ${names}`,
  tenants: (names: string) => `Tenants: ${names}`,
  withoutPayloads: "Without payloads",
  withoutPersonal: "Without personal fields",
  changesBy: (label: string) => `Changes by ${label}`,
};

export const t = texts("tokens", english);
