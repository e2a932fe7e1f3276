/** SET and RESET of storage parameters: most take a weaker lock than other actions. */

import type { AlterTableCmd } from "libpg-query";
import type { RelationKind } from "../catalog/catalog.ts";
import type { LockMode } from "./impact.ts";

/** Parameters that readers or writers look at while they work, so that nobody may be there (reloptions.c). */
const STRONG: ReadonlySet<string> = new Set(
  `user_catalog_table security_barrier security_invoker check_option fastupdate gin_pending_list_limit pages_per_range
  autosummarize buffering`.split(/\s+/),
);

/** The lock that SET or RESET (…) of a relation takes; null for another action. */
export function optionsMode({ subtype, def }: AlterTableCmd, kind: RelationKind): LockMode | null {
  if (subtype !== "AT_SetRelOptions" && subtype !== "AT_ResetRelOptions") return null;
  const items = def !== undefined && "List" in def ? def.List.items ?? [] : [];
  const isStrong = kind === "view" ||
    items.some((item) => "DefElem" in item && STRONG.has((item.DefElem.defname ?? "").toLowerCase()));
  return isStrong ? "AccessExclusiveLock" : "ShareUpdateExclusiveLock";
}
