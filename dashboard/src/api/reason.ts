/** Return the part of a body that says why something is changed. */
export const because = (reason = "") => (reason.trim() ? { reason: reason.trim() } : {});
