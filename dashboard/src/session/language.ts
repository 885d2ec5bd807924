import { chooseLanguage, language, speak } from "@/texts/texts";
import { PREFS_KEY } from "./key";

/**
 * Load the texts of the stored language, else of the browser's language. Part of the first script, so it imports
 * little.
 */
export async function speakChosen(): Promise<void> {
  const chosen = chooseLanguage(remembered(), navigator.languages);
  const words = chosen === "en" ? null : await TEXTS[chosen]().catch(() => null);
  if (words) speak(chosen, words); // else the console is in English
  document.documentElement.lang = language();
}

/** The languages whose texts are not part of the code. */
const TEXTS = { de: async () => (await import("@/texts/de")).german };

function remembered(): unknown {
  try {
    return (JSON.parse(localStorage.getItem(PREFS_KEY) ?? "{}") as { language?: unknown }).language;
  } catch {
    return undefined;
  }
}
