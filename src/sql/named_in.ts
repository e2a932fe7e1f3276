/** What some statements name: where to begin to read a database's catalogs for them. */

import type { Statement } from "./parser.ts";

export interface Named {
  /** Everything that may be the name of something, or of its schema, as the server knows it: without quotes, cut. */
  readonly names: readonly string[];
  /** Schemas all of whose relations are meant. */
  readonly schemas: readonly string[];
  /** Every relation of the database is meant. */
  readonly everything: boolean;
  /** Types that are changed or dropped: every table that uses them is touched. */
  readonly types: readonly string[];
  /** Whether tables are emptied together with all that refer to them. */
  readonly cascades: boolean;
}

/** PostgreSQL cuts longer names off (NAMEDATALEN - 1, in bytes). */
const LONGEST_NAME_BYTES = 63;

/** Names stand in strings of these: `nextval('posts_id_seq')`, `SET search_path = app`, `'posts'::regclass`. */
const HOLD_NAMES: ReadonlySet<string> = new Set(["FuncCall", "VariableSetStmt", "TypeCast"]);

/** Collects the names. It takes many a string for a name that is none; what no catalog has is not found there. */
export function namedIn(statements: readonly Statement[]): Named {
  const names = new Set<string>();
  const schemas = new Set<string>();
  const types = new Set<string>();
  for (const statement of statements) {
    collect(statement, names);
    for (const schema of wholeSchemas(statement)) schemas.add(schema);
    if (changesTypes(statement)) collect(statement, types);
  }
  return {
    names: [...names],
    schemas: [...schemas],
    everything: statements.some(meansAll),
    types: [...types],
    cascades: statements.some(({ kind, node }) => kind === "TruncateStmt" && node.behavior === "DROP_CASCADE"),
  };
}

/** Without recursion: a tree may be nested more deeply than the stack is. */
function collect({ kind, node }: Statement, into: Set<string>): void {
  const open: { readonly value: unknown; readonly holder: string }[] = [{ value: node, holder: kind }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, holder } = next;
    if (typeof value === "string") add(value, into);
    if (typeof value !== "object" || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      // The values of an INSERT may be many, and are no names.
      if (key === "A_Const") {
        if (HOLD_NAMES.has(holder)) addText(inner, into);
      } else {
        open.push({ value: inner, holder: /^[A-Z]/.test(key) && key !== "List" ? key : holder });
      }
    }
  }
}

function addText(constant: unknown, into: Set<string>): void {
  const text = (constant as { readonly sval?: { readonly sval?: string } }).sval?.sval ?? "";
  if (text.length > 1_000) return;
  for (const part of text.split(/[\s.,]+/)) {
    const bare = /^"(.*)"$/.exec(part)?.[1]?.replaceAll('""', '"');
    // In SET search_path the parser has taken the quotes away; in a string they stand as they were written.
    add(bare ?? part, into);
    if (bare === undefined) add(part.toLowerCase(), into);
  }
}

function add(text: string, into: Set<string>): void {
  if (text === "") return;
  const bytes = text.length > LONGEST_NAME_BYTES / 4 ? new TextEncoder().encode(text) : null;
  into.add(bytes === null || bytes.length <= LONGEST_NAME_BYTES ? text : cut(bytes));
}

/** Cut between two characters, as the server does. */
function cut(bytes: Uint8Array): string {
  let end = LONGEST_NAME_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

function wholeSchemas({ kind, node }: Statement): readonly string[] {
  const one = (name: string | undefined) => name === undefined ? [] : [name];
  if (kind === "DropStmt" && node.removeType === "OBJECT_SCHEMA") {
    return (node.objects ?? []).flatMap((object) => "String" in object ? one(object.String.sval) : []);
  }
  if (kind === "ReindexStmt" && node.kind === "REINDEX_OBJECT_SCHEMA") return one(node.name);
  if (kind === "CreatePublicationStmt" || kind === "AlterPublicationStmt") {
    return (node.pubobjects ?? []).flatMap((object) =>
      "PublicationObjSpec" in object ? one(object.PublicationObjSpec.name) : []
    );
  }
  return [];
}

/** VACUUM, ANALYZE and CLUSTER of all tables, and what belongs to a role or a tablespace. */
function meansAll({ kind, node }: Statement): boolean {
  switch (kind) {
    case "VacuumStmt":
      return (node.rels ?? []).length === 0;
    case "ClusterStmt":
      return node.relation === undefined;
    case "ReindexStmt":
      return node.kind === "REINDEX_OBJECT_DATABASE";
    case "CreatePublicationStmt":
    case "AlterPublicationStmt":
      return node.for_all_tables === true;
    case "DropOwnedStmt":
    case "ReassignOwnedStmt":
    case "AlterTableMoveAllStmt":
      return true;
    default:
      return false;
  }
}

function changesTypes({ kind, node }: Statement): boolean {
  switch (kind) {
    case "AlterDomainStmt":
    case "CompositeTypeStmt":
      return true;
    case "AlterTableStmt":
      return node.objtype === "OBJECT_TYPE";
    case "DropStmt":
      return node.removeType === "OBJECT_DOMAIN" || node.removeType === "OBJECT_TYPE";
    default:
      return false;
  }
}
