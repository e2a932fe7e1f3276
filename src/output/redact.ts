/** The last fence before a password reaches the output. */

/**
 * Takes passwords out of URLs, `scheme://user:password@host`, wherever a message quotes one. A password may hold anything
 * but white space, so everything up to the last `@` goes.
 */
export function redact(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/?#]*):[^\s]*@/gi, "$1:***@");
}
