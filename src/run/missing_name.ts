/** The name that a failed statement did not find, from the message of the server, which is an English one. */

export interface MissingName {
  readonly kind: "relation" | "column" | "function" | "operator" | "type" | "schema" | "constraint" | "other";
  readonly schema: string | null;
  /** Without its schema; of an operator its sign. */
  readonly name: string;
  /** Of a column: its relation, where the message has it. */
  readonly of: string | null;
  /** As the server calls it: `operator class`. */
  readonly word: string;
}

/** PostgreSQL documentation, "PostgreSQL Error Codes": undefined_table, _column, _function, _object; invalid_schema_name. */
const UNDEFINED: readonly string[] = ["42P01", "42703", "42883", "42704", "3F000"];

/** What the server calls a relation. */
const RELATIONS: readonly string[] = [
  ...["relation", "table", "view", "materialized view", "sequence", "index", "foreign table"],
];

const QUOTED = /^(?:could not find a )?([a-z][a-z -]*?)(?: named)? "(.+?)"(?: (?:of|for) (?:relation|table) "(.+?)")?/;
const COLUMN = /^column (?:(\S+)\.)?(\S+) does not exist/;
const ROUTINE = /^(?:function|procedure|routine|aggregate) (.+?)\(.*\) (?:does not exist|is not unique)/;
const OPERATOR = /^operator does not exist: (?:\S.*? )??([-+*/<>=~!@#%^&|`?]+)(?: |$)/;

/** @returns null for an error of another kind, and for a message that is not known */
export function missingName(message: string, sqlstate: string | undefined): MissingName | null {
  // A query that names a table which is not in its FROM.
  if (sqlstate === undefined || !UNDEFINED.includes(sqlstate) || message.startsWith("missing FROM")) return null;
  const operator = OPERATOR.exec(message);
  if (operator !== null) return { kind: "operator", schema: null, name: operator[1]!, of: null, word: "operator" };
  const routine = ROUTINE.exec(message);
  if (routine !== null) return { kind: "function", ...split(routine[1]!), of: null, word: "function" };
  const quoted = QUOTED.exec(message);
  if (quoted !== null) {
    const [, word = "", name = "", of = null] = quoted;
    return { kind: kindOf(word), ...split(name), of, word };
  }
  const column = COLUMN.exec(message);
  if (column === null) return null;
  return { kind: "column", schema: null, name: bare(column[2]!), of: null, word: "column" };
}

function kindOf(word: string): MissingName["kind"] {
  if (RELATIONS.includes(word)) return "relation";
  const same = (["column", "function", "type", "schema", "constraint"] as const).find((kind) => kind === word);
  return same ?? "other";
}

function split(name: string): { readonly schema: string | null; readonly name: string } {
  const dot = name.lastIndexOf(".");
  return dot === -1
    ? { schema: null, name: bare(name) }
    : { schema: bare(name.slice(0, dot)), name: bare(name.slice(dot + 1)) };
}

function bare(name: string): string {
  return name.replace(/^"(.*)"$/, "$1").replace(/\[\]$/, "");
}
