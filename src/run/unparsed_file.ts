/** A file of which nothing is known but its name. */

import type { StatementJudged } from "../events.ts";
import { spanInFile } from "../sql/span_in_file.ts";
import type { CheckedFile } from "./check_files.ts";
import { verdictOf } from "./verdict.ts";

/** One event for all that stands in it. */
export function unparsedFile({ migration, sql }: CheckedFile): StatementJudged {
  const { version, name } = migration;
  const unknown = `${name} is too large to be parsed`;
  const nothing = { locks: [], held: [], passes: [], writes: null, inTheWay: [], commits: false };
  return {
    ...{ event: "statement", version, name, statement: "SQL", unknown },
    span: spanInFile({ ...sql, text: sql.text.slice(0, 1_000) }, { start: 0, end: 0 }),
    ...verdictOf({ ...nothing, unknown }),
    ...{ locks: [], scans: [], rewrites: [], relations: [] },
  };
}
