/** What to write instead of a command of psql. */

import type { Failure } from "../errors/failure.ts";
import { psqlCommand, syntaxError } from "../errors/sql.ts";
import { placeInFile, type SqlFile } from "./sql_file.ts";

const NAME = /^\\([a-z_]+|[!?.;:])/i;

const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/^\.$/, "It ends the data of a COPY … FROM stdin, and none stands above it."],
  [/^;$/, "Write ; alone: pgmigrate sends the whole file at once."],
  [/^(i|ir|include|include_relative)$/, "Put the SQL of that file here, or make it a migration of its own."],
  [/^copy$/, "Write COPY … FROM stdin; with the rows in the lines below it, and \\. in the line that ends them."],
  [
    /^(c|connect)$/,
    "Take the line out: a migration runs in the database that --database-url names. pg_dump writes it with --create.",
  ],
  [/^(set|unset|gset|prompt|getenv|if|elif|else|endif)$/, "Write the values out, or use a DO block."],
  [/^(echo|qecho|warn)$/, "Take the line out, or use RAISE NOTICE in a DO block."],
  [/^gexec$/, "Use a DO block with EXECUTE."],
  [/^(g|gx|gdesc|crosstabview|watch)$/, "End the statement with ; instead."],
  [/^encoding$/, "Take the line out: a migration is UTF-8."],
];

const OTHERWISE = "Take the line out, or write what it does in SQL.";

/** The failure for a backslash outside of quotes and comments. */
export function psqlCommandFailure(file: SqlFile, { index, text }: { readonly index: number; readonly text: string }) {
  const blanked = placeInFile(file, index);
  // The command is not in the SQL any more, whose line this is.
  const before = [...blanked.sourceLine].slice(0, blanked.column - 1).join("");
  const place = { ...blanked, sourceLine: before + text.trimEnd() };
  const [command, name] = NAME.exec(text) ?? [];
  if (command === undefined || name === undefined) return syntaxError('Syntax error at or near "\\"', { place });
  const instead = INSTEAD.find(([names]) => names.test(name))?.[1] ?? OTHERWISE;
  return psqlCommand(place, command, instead) satisfies Failure;
}
