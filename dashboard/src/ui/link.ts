/** The style of a link inside a text, a table or a list. */
export const linkClass = "underline decoration-strong underline-offset-4 hover:decoration-current";

/** The same for a link that is found by its place, such as the name of a row: it is underlined under the pointer. */
export const quietLinkClass = "underline decoration-transparent underline-offset-4 hover:decoration-current";
