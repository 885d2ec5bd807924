/** The key of the preferences in localStorage; public/theme.js reads it, too. */
export const PREFS_KEY = "jobflow.prefs";

/** The key of the token in sessionStorage. */
export const TOKEN_KEY = "jobflow.token";
