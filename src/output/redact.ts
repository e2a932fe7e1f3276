/**
 * The last fence before a password reaches the output. It knows what PostgreSQL calls a password, and URLs; a secret that
 * is data (`INSERT INTO users VALUES ('…')`) looks like any other.
 *
 * Everything here runs in time proportional to the text, for the text may be a server's, and megabytes long.
 */

/** What stands for a password, whatever its length. */
const MASK = "***";

/** Shorter ones are not looked for in other texts: they would be found in every word. */
const SHORTEST_REPEATED = 3;

/** More are not looked for in other texts: a line of megabytes may hold thousands. */
const MOST_REPEATED = 20;

const NAME = String.raw`(?:password|passwd|pwd)["']?\s*`;

/** What may stand between the name and a value in quotes: PASSWORD 'x', password => crypt('x', ('password', 'x'). */
const NAMED = String.raw`${NAME}(?:(?:=>|:=|[=:,])\s*)?(?:[\w.]+\(\s*)?`;

/**
 * A value in quotes of any kind, to the end of the text where they are not closed; or, behind `=`, a bare word. A
 * backslash takes the next character with it, as in E'…': at worst too much is hidden.
 */
const PASSWORD = new RegExp(
  [
    String.raw`(?<before>${NAMED}(?:[ebnx]|u&)?')(?<quoted>(?:[^'\\]|''|\\[^])*)`,
    String.raw`(?<before2>${NAME}(?:=>|:=|[=:])\s*")(?<double>(?:[^"\\]|\\[^])*)`,
    String.raw`(?<before3>${NAMED}\$(?<tag>\w*)\$)(?<dollar>[^]*?)(?=\$\k<tag>\$|$)`,
    String.raw`(?<before4>(?:password|passwd|pwd)\s*=\s*)(?<bare>(?![\w.]*\()[^\s'"&;,()]+)`,
  ].join("|"),
  "gi",
);

interface Found {
  readonly before: string;
  readonly secret: string;
}

/** Takes passwords out of a text, `scheme://user:password@host` and `PASSWORD '…'`. */
export function redact(text: string): string {
  return mask(text, () => MASK);
}

/** The same for a line of a file under which a caret is drawn: it keeps its number of characters. */
export function redactLine(text: string): string {
  return mask(text, (secret) => "*".repeat(Array.from(secret).length));
}

/**
 * A {@link redact} that also takes out the passwords of a source line: an error may repeat them without saying what they
 * are, `syntax error at or near "'hunter2'"`.
 */
export function redactAlso(sourceLine: string | undefined): (text: string) => string {
  const secrets = new Set<string>();
  mask(sourceLine ?? "", (secret) => {
    if (secret.length >= SHORTEST_REPEATED && secrets.size < MOST_REPEATED) secrets.add(secret);
    return secret;
  });
  return (text) => [...secrets].reduce((rest, secret) => rest.replaceAll(secret, MASK), redact(text));
}

function mask(text: string, hide: (secret: string) => string): string {
  const withoutUrls = text.includes("://") ? text.replace(/\S+/g, (word) => maskUrl(word, hide)) : text;
  return withoutUrls.replace(PASSWORD, (...match) => {
    const { before, secret } = foundIn(match.at(-1));
    return secret === "" ? before : before + hide(secret);
  });
}

function foundIn(groups: Readonly<Record<string, string | undefined>>): Found {
  const { before, before2, before3, before4, quoted, double, dollar, bare } = groups;
  return { before: before ?? before2 ?? before3 ?? before4 ?? "", secret: quoted ?? double ?? dollar ?? bare ?? "" };
}

/** A password in a URL may hold anything but white space, so everything up to the last `@` goes. */
function maskUrl(word: string, hide: (secret: string) => string): string {
  const end = word.lastIndexOf("@");
  const start = /:\/\/[^:@/?#]*:/.exec(word.slice(0, Math.max(end, 0)));
  if (start === null) return word;
  const from = start.index + start[0].length;
  return word.slice(0, from) + hide(word.slice(from, end)) + word.slice(end);
}
