/** How the rows of a COPY are written, and where a column stands in one. */

import { option, optionText } from "./option_values.ts";
import { parse, type Statement } from "./parser.ts";

export interface CopyFormat {
  readonly csv: boolean;
  readonly delimiter: string;
  /** What CSV puts round a value. */
  readonly quote: string;
  /** The names of its columns in order; none where the statement does not list them. */
  readonly columns: readonly string[];
}

/** The format that a COPY statement gives, or null for a text that is none. */
export async function copyFormat(text: string): Promise<CopyFormat | null> {
  const outcome = await parse(text);
  const [statement] = outcome.kind === "statements" ? outcome.statements : [];
  return statement?.kind === "CopyStmt" ? formatOf(statement) : null;
}

function formatOf({ node: { options, attlist = [] } }: Extract<Statement, { readonly kind: "CopyStmt" }>): CopyFormat {
  const value = (name: string) => {
    const found = option(options, name);
    return found === null ? null : optionText(found);
  };
  const csv = value("format") === "csv";
  return {
    csv,
    delimiter: value("delimiter") ?? (csv ? "," : "\t"),
    quote: value("quote") ?? '"',
    columns: attlist.map((name) => "String" in name ? name.String.sval ?? "" : ""),
  };
}

/**
 * The index in a row at which a column begins: by the list of columns, else by the value that the server shows of it; 0
 * where neither tells.
 */
export function columnStart(row: string, format: CopyFormat, { name, value }: {
  readonly name: string;
  readonly value: string;
}): number {
  const starts = fieldStarts(row, format);
  const listed = format.columns.indexOf(name);
  if (listed !== -1) return starts[listed] ?? 0;
  const shown = /^"(.*?)(\.\.\.)?"$/s.exec(value)?.[1];
  return starts.find((start) => shown !== undefined && shown !== "" && row.slice(start).startsWith(shown)) ??
    starts.find((start) => shown !== undefined && shown !== "" && row.slice(start + 1).startsWith(shown)) ?? 0;
}

function fieldStarts(row: string, { csv, delimiter, quote }: CopyFormat): readonly number[] {
  const starts = [0];
  let quoted = false;
  for (let index = 0; index < row.length; index++) {
    const character = row[index];
    if (csv && character === quote) quoted = !quoted;
    else if (!csv && character === "\\") index++;
    else if (!quoted && row.startsWith(delimiter, index)) starts.push(index + delimiter.length);
  }
  return starts;
}
