/**
 * Return the last part of the address of a type's page: "email.send" becomes "email-send", as in the name of its queue.
 * The reason: servers treat a path with a dot as a file.
 */
export function queueName(type: string): string {
  return type.replaceAll(".", "-");
}
