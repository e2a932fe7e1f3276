/** How a word of the command line is repeated in an error. */

const LONGEST_SHOWN = 60;

/**
 * The word in double quotes; words that may hold a password (a database URL in the wrong place) are not repeated, and
 * long ones are cut.
 */
export function showArgument(word: string): string {
  if (/:\/\/|password=|\S@\S/i.test(word)) return "an argument that looks like a database URL";
  const characters = Array.from(word);
  return `"${characters.length <= LONGEST_SHOWN ? word : characters.slice(0, LONGEST_SHOWN).join("") + "…"}"`;
}
