import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { loadConfig } from "./config";
import { warm } from "./pages";
import { followSystemTheme } from "./session/prefs";
import { startSession } from "./session/session";
import "./styles.css";

async function start(root: HTMLElement): Promise<void> {
  warm(location.pathname);
  try {
    await loadConfig();
  } catch (error) {
    root.textContent = `JobFlow's console is not configured: ${String(error)}`;
    return;
  }
  startSession();
  followSystemTheme();
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) void start(root);
