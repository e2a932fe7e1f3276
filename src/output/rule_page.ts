/** Where a rule is explained. */

/** The folder of the pages, from the root of the project, which has no public address. */
const PAGES = "docs/rules";

/** `docs/rules/add-fk-valid.md` */
export function rulePage(rule: string): string {
  return `${PAGES}/${rule}.md`;
}
