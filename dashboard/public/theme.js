var theme = "system";
try {
  theme = JSON.parse(localStorage.getItem("jobflow.prefs") || "{}").theme || theme;
} catch {
  theme = "dark";
}
if (theme === "system") theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
document.documentElement.dataset.theme = theme;
