/**
 * SQL with values in it, quoted here and not by parameters: the runner speaks the simple protocol only, since a portal of
 * the extended protocol holds a snapshot for which a CREATE INDEX CONCURRENTLY of somebody else would wait.
 */

/** A piece of SQL that needs no quoting. */
export class Sql {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** What may stand in a {@link sql} template. Strings become literals; identifiers come from {@link identifier}. */
export type Value = string | number | bigint | boolean | null | Sql;

/** A tagged template that quotes every value it is given. */
export function sql(strings: TemplateStringsArray, ...values: readonly Value[]): Sql {
  return new Sql(String.raw({ raw: strings.map((part) => part) }, ...values.map(quoted)));
}

/** Pieces of SQL with something between them: a comma, an AND. */
export function join(pieces: readonly Sql[], between: string): Sql {
  return new Sql(pieces.join(between));
}

/**
 * `=` as PostgreSQL has it. The search_path decides which operator a bare one is, before what pg_catalog has or, for two
 * types that pg_catalog has no operator for, beside it; an operator that somebody else made would run as our role.
 */
export const EQUALS: Sql = sql`OPERATOR(pg_catalog.=)`;

function quoted(value: Value): string {
  if (value instanceof Sql) return value.text;
  if (value === null) return "NULL";
  if (typeof value === "string") return literal(value);
  // `- -1` without its space would begin a comment.
  return typeof value !== "boolean" && value < 0 ? `(${value})` : String(value).toUpperCase();
}

/**
 * A string literal. With a backslash in it, it is written as E'…', so that it means the same whatever
 * standard_conforming_strings says (as quote_literal() does).
 */
export function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/**
 * A quoted identifier. Anything but ASCII is written as U&"…", so that it names the same thing whatever client_encoding
 * a migration has set.
 */
export function identifier(name: string): Sql {
  const doubled = name.replaceAll('"', '""');
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(doubled)) return new Sql(`"${doubled}"`);
  const escaped = [...doubled.replaceAll("\\", "\\\\")].map((character) => {
    const code = character.codePointAt(0)!;
    return code < 0x80 ? character : `\\+${code.toString(16).padStart(6, "0")}`;
  });
  return new Sql(`U&"${escaped.join("")}"`);
}
