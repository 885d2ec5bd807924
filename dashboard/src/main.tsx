import { holdKeys } from "./lib/heldKeys";
import { askFirst, loadPage } from "./pages";
import { speakChosen } from "./session/language";
import "./styles.css";

// The data and the page first; the frame, which is the largest part, loads meanwhile.
holdKeys();
askFirst(location);
const root = document.getElementById("root");
void speakChosen().then(async () => {
  loadPage(location);
  if (root) await (await import("./start")).start(root);
});
