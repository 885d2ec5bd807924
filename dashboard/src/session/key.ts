/** Where a tab keeps its token, in sessionStorage. */
export const TOKEN_KEY = "jobflow.token";
