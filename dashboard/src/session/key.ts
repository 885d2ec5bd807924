/** Key of the token in sessionStorage. */
export const TOKEN_KEY = "jobflow.token";
