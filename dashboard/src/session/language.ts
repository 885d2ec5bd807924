import { chooseLanguage, language, speak } from "@/texts/texts";
import { PREFS_KEY } from "./key";

/** Load the texts of the remembered language, else of the browser's. Part of the first script: it imports little. */
export async function speakChosen(): Promise<void> {
  const chosen = chooseLanguage(remembered(), navigator.languages);
  await speak(chosen).catch(() => undefined); // without its texts the console speaks English
  document.documentElement.lang = language();
}

function remembered(): unknown {
  try {
    return (JSON.parse(localStorage.getItem(PREFS_KEY) ?? "{}") as { language?: unknown }).language;
  } catch {
    return undefined;
  }
}
