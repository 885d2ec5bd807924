/** The page of GET /docs: Swagger UI with the API's document. */
import "swagger-ui-dist/swagger-ui.css";
import "./reference.css";
import { config, loadConfig } from "@/config";
import { showContents, type Described } from "./contents";
import { forgetToken, keepToken, readToken } from "@/session/token";

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id} is not on the page`);
  return found;
}

async function show(): Promise<void> {
  const token = readToken();
  if (!token) {
    const needed = "The reference lists your job types, so it needs to know who you are.";
    const way = config().signIn ? "" : " To get a token, ask an admin, or run `make token`.";
    askForToken(needed + way);
    return;
  }
  const answer = await fetch(`${config().apiUrl}/openapi.json`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  if (answer.status === 401 || answer.status === 403) {
    forgetToken();
    askForToken("The token or session is invalid, revoked or expired.");
    return;
  }
  if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}.`);
  const described = (await answer.json()) as Described;
  described.info.title += " API";
  const { render } = await import("./render");
  showContents(part("contents"), described);
  part("page").classList.add("ready");
  render(part("reference"), { ...described, servers: [{ url: config().apiUrl }] }, () => readToken() ?? "");
}

function askForToken(why: string): void {
  const form = part("sign-in-form") as HTMLFormElement;
  part("sign-in-why").textContent = why;
  part("sign-in-console").hidden = config().signIn === undefined;
  part("sign-in").hidden = false;
  part("token").focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    keepToken((part("token") as HTMLInputElement).value.trim());
    part("sign-in").hidden = true;
    void begin();
  };
}

async function begin(): Promise<void> {
  try {
    await show();
  } catch (error) {
    part("reference").textContent = `Couldn't load the reference: ${String(error)}`;
  }
}

async function start(): Promise<void> {
  await loadConfig();
  await begin();
}

void start();
