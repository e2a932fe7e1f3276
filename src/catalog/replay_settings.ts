/** Settings of a session that decide how names are found and types changed: search_path and TimeZone. */

import type { Node, SelectStmt, VariableSetStmt } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Catalog } from "./catalog.ts";
import { removeRelation } from "./edit.ts";
import { TEMPORARY_SCHEMA } from "./resolve.ts";

interface Settings {
  readonly searchPath: readonly string[];
  readonly timeZoneIsUtc: boolean;
}

/** What the settings were before the first statement changed them. */
const atStart = new WeakMap<Catalog, Settings>();

/** Names of the time zone under which a change between timestamp and timestamptz writes nothing. */
const UTC = /^(etc\/)?(utc|uct|gmt|universal|zulu|greenwich|gmt[+-]?0)$/i;

/** Brings the settings back to where they were at the start, as they are for each migration, and drops temporary tables. */
export function resetSession(catalog: Catalog): void {
  reset(catalog, "search_path");
  reset(catalog, "timezone");
  dropTemporary(catalog);
}

/** SET, RESET and SET LOCAL, which lasts as long as the migration. */
export function replaySet(catalog: Catalog, { kind, name = "", args = [] }: VariableSetStmt): void {
  if (kind === "VAR_SET_VALUE") set(catalog, name.toLowerCase(), args);
  else if (kind === "VAR_RESET" || kind === "VAR_SET_DEFAULT") reset(catalog, name.toLowerCase());
  else if (kind === "VAR_RESET_ALL") {
    reset(catalog, "search_path");
    reset(catalog, "timezone");
  }
}

/** SELECT set_config('search_path', …), which pg_dump writes. */
export function replaySetConfig(catalog: Catalog, { targetList = [] }: SelectStmt): void {
  for (const target of targetList) {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    if (value === undefined || !("FuncCall" in value)) continue;
    const { funcname, args: [name, text] = [] } = value.FuncCall;
    if (listedParts(funcname).at(-1) !== "set_config") continue;
    const setting = textOf(name)?.toLowerCase();
    const given = textOf(text);
    if (given === null) continue;
    if (setting === "search_path") setSearchPath(catalog, namesIn(given));
    else if (setting === "timezone" && text !== undefined) set(catalog, setting, [text]);
  }
}

/** Takes away what goes with the session: DISCARD TEMP. */
export function dropTemporary(catalog: Catalog): void {
  for (const relation of catalog.relations.inSchema(TEMPORARY_SCHEMA)) removeRelation(catalog, relation);
}

function set(catalog: Catalog, name: string, args: readonly Node[]): void {
  if (name === "search_path") setSearchPath(catalog, args.flatMap((arg) => textOf(arg) ?? []));
  if (name !== "timezone") return;
  remember(catalog);
  const [zone] = args;
  catalog.timeZoneIsUtc = UTC.test(textOf(zone) ?? "");
}

/** "$user" is a schema only where there is one of the role's name, which nobody knows here. */
function setSearchPath(catalog: Catalog, schemas: readonly string[]): void {
  remember(catalog);
  catalog.searchPath = schemas.filter((schema) => schema !== "$user" && schema !== "");
}

function remember(catalog: Catalog): void {
  if (atStart.has(catalog)) return;
  const { searchPath, timeZoneIsUtc } = catalog;
  atStart.set(catalog, { searchPath, timeZoneIsUtc });
}

function reset(catalog: Catalog, name: string): void {
  const start = atStart.get(catalog);
  if (start === undefined) return;
  if (name === "search_path") catalog.searchPath = start.searchPath;
  if (name === "timezone") catalog.timeZoneIsUtc = start.timeZoneIsUtc;
}

function textOf(node: Node | undefined): string | null {
  if (node === undefined || !("A_Const" in node) || node.A_Const.isnull) return null;
  return node.A_Const.sval === undefined ? null : node.A_Const.sval.sval ?? "";
}

/** A list of names in one text, as `search_path` has it: folded to lower case outside of quotes. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, plain = ""]) =>
    quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"')
  );
}
