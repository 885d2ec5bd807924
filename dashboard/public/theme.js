// Before the first paint: the stored theme, so that nobody sees a flash of the other one.
try {
  var stored = JSON.parse(localStorage.getItem("jobflow.prefs") || "{}").theme || "system";
  var light = stored === "system" && matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset.theme = stored === "system" ? (light ? "light" : "dark") : stored;
} catch {
  document.documentElement.dataset.theme = "dark";
}
