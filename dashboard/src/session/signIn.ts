import { config, type Provider } from "@/config";
import { isObject } from "@/lib/json";

/**
 * Sign in with the code flow of OpenID Connect and PKCE, in this tab. What begins here ends at `RETURN`, where the
 * provider sends the user back to.
 */
export const RETURN = "/signed-in";

/** The key of a sign-in that is under way, in sessionStorage: no other tab can end it. */
const KEY = "jobflow.signIn";

/** What the tab keeps until the user comes back. The provider gets only hashes of `verifier` and `secret`. */
interface Begun {
  state: string;
  verifier: string;
  secret: string;
  back: string;
}

/** Why a sign-in failed; `detail` is what the provider or the API said about it. */
export type Failure =
  "cancelled" | "provider" | "notBegun" | "exchange" | "refused" | "noRole" | "unavailable" | "tooMany";
export class SignInFailed extends Error {
  /** The page that the user had asked for. */
  back = "/dashboard";

  constructor(
    readonly why: Failure,
    readonly detail = "",
  ) {
    super(why);
  }
}

/** Begin a sign-in, after which the user is at the page `back`; return the address of the provider to go to. */
export async function begin(provider: Provider, back: string): Promise<string> {
  const begun: Begun = { state: random(), verifier: random(), secret: random(), back: ownPath(back) };
  sessionStorage.setItem(KEY, JSON.stringify(begun));
  const address = new URL(provider.authorizeUrl);
  const query = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: location.origin + RETURN,
    scope: provider.scopes,
    state: begun.state,
    nonce: await sha256(begun.secret),
    code_challenge: await sha256(begun.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address.href;
}

/**
 * End a sign-in with the query string with which the provider has sent the user back; return the session's token and the
 * page to show. Raises SignInFailed. A sign-in ends once, however it ends.
 */
export async function complete(provider: Provider, query: string): Promise<{ token: string; back: string }> {
  const begun = taken();
  const answer = new URLSearchParams(query);
  const issuer = answer.get("iss");
  // The answer belongs to a sign-in of this tab, and comes from its provider (RFC 9207), or nothing of it is used.
  if (begun === null) throw new SignInFailed("notBegun");
  if (answer.get("state") !== begun.state || (issuer !== null && issuer !== provider.issuer))
    throw new SignInFailed("notBegun");
  try {
    const code = answer.get("code");
    if (!code) throw refusedBy(answer.get("error") ?? "");
    const idToken = await exchange(provider, code, begun.verifier);
    return { token: await sessionFor(idToken, begun.secret), back: begun.back };
  } catch (error) {
    if (error instanceof SignInFailed) error.back = begun.back;
    throw error;
  }
}

/** End the session on the server. Resolves to false if that did not work: it then ends by itself. */
export async function endSession(token: string): Promise<boolean> {
  try {
    const headers = { Authorization: `Bearer ${token}` };
    // keepalive: the request goes on if the tab is closed
    const answer = await fetch(`${config().apiUrl}/session`, { method: "DELETE", headers, keepalive: true });
    return answer.ok || answer.status === 401;
  } catch {
    return false;
  }
}

/** Return the path of a page of this site; anything else, such as the address of another site, becomes the jobs' page. */
export function ownPath(text: string): string {
  try {
    const address = new URL(text, location.origin);
    const own =
      text.startsWith("/") && address.origin === location.origin && !address.pathname.startsWith("//");
    return own && address.pathname.replace(/\/+$/, "") !== RETURN
      ? address.pathname + address.search + address.hash
      : "/dashboard";
  } catch {
    return "/dashboard";
  }
}

function taken(): Begun | null {
  const stored = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  try {
    const found: unknown = JSON.parse(stored ?? "null");
    if (!isObject(found)) return null;
    const { state, verifier, secret, back } = found;
    const texts = [state, verifier, secret, back].every((one) => typeof one === "string" && one !== "");
    return texts ? { ...(found as unknown as Begun), back: ownPath(back as string) } : null;
  } catch {
    return null;
  }
}

function refusedBy(error: string): SignInFailed {
  if (error === "access_denied") return new SignInFailed("cancelled");
  // Anybody can write the query string, so only a name of OpenID Connect is shown.
  return new SignInFailed("provider", /^[a-z_]{1,40}$/.test(error) ? error : "");
}

async function exchange(provider: Provider, code: string, verifier: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: provider.clientId,
    redirect_uri: location.origin + RETURN,
    code_verifier: verifier,
  });
  let found: unknown;
  try {
    const init: RequestInit = {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "omit",
      redirect: "error",
    };
    const answer = await fetch(provider.tokenUrl, init);
    found = await answer.json();
  } catch {
    throw new SignInFailed("exchange");
  }
  const { id_token: idToken, error } = isObject(found) ? found : {};
  if (typeof idToken !== "string")
    throw new SignInFailed("exchange", typeof error === "string" ? error.slice(0, 40) : "");
  return idToken;
}

const FAILURES: Record<number, Failure> = {
  401: "refused",
  403: "noRole",
  404: "unavailable",
  413: "refused",
  422: "refused",
  429: "tooMany",
};

async function sessionFor(idToken: string, secret: string): Promise<string> {
  let status = 0;
  let found: unknown;
  try {
    const answer = await fetch(`${config().apiUrl}/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ id_token: idToken, secret }),
    });
    status = answer.status;
    found = await answer.json();
  } catch {
    throw new SignInFailed("unavailable");
  }
  const { token, detail } = isObject(found) ? found : {};
  if (status === 201 && typeof token === "string") return token;
  throw new SignInFailed(FAILURES[status] ?? "unavailable", typeof detail === "string" ? detail : "");
}

/** 256 random bits in base64url. */
function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
