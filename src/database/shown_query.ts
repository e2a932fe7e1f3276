/** A statement of another session, as it may be shown. */

/** Long enough to know it again, short enough for a line. */
const LONGEST_CHARACTERS = 80;

/**
 * `PASSWORD 'secret'` of CREATE ROLE and of user mappings, and `password=secret` in connection strings, which may stand in
 * a string themselves. What the server cut off in the middle is a password to its end.
 */
const SECRETS = new RegExp(
  [
    String.raw`(\bpassword\b\s*(?:=\s*)?)(?:`,
    String.raw`''(?:[^']|'''')*(?:''|$)|`,
    String.raw`(?:E|U&)?'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)|`,
    String.raw`\$(\w*)\$[^]*?(?:\$\2\$|$)|`,
    String.raw`(?<==\s*)[^\s'"]+)`,
  ].join(""),
  "gi",
);

/** `scheme://user:secret@host`. */
const URL_PASSWORDS = /(:\/\/[^\s:@/?#]*):[^\s]*@/g;

/** The statement as one line, without passwords and the semicolon at its end, cut. */
export function shownQuery(query: string): string {
  const safe = query.replace(SECRETS, "$1***").replace(URL_PASSWORDS, "$1:***@");
  const line = safe.replace(/\s+/g, " ").replace(/[ ;]+$/, "").trim();
  const characters = Array.from(line);
  return characters.length <= LONGEST_CHARACTERS ? line : `${characters.slice(0, LONGEST_CHARACTERS - 1).join("")}…`;
}
