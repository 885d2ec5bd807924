import { holdKeys } from "./lib/heldKeys";
import { askFirst, loadPage } from "./pages";
import { TOKEN_KEY } from "./session/key";
import { speakChosen } from "./session/language";
import "./styles.css";

// Load the data and the page first. The frame, which is the largest part, loads at the same time.
holdKeys();
// A user who is signed in needs the jobs, not the description of JobFlow.
if (location.pathname === "/" && sessionStorage.getItem(TOKEN_KEY))
  history.replaceState(null, "", "/dashboard");
askFirst(location);
void speakChosen().then(async () => {
  loadPage(location);
  const { start } = await import("./start");
  await parsed();
  const root = document.getElementById("root");
  if (root) await start(root);
});

/** Wait for the whole document: this script may run before the browser has read it. */
async function parsed(): Promise<void> {
  if (document.readyState !== "loading") return;
  await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
}
