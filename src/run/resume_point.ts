/** Where a migration is gone on with that an earlier run has left. */

import type { ClaimOf } from "../database/claim.ts";
import type { StatementEffect } from "../sql/statement_effect.ts";

export interface ResumePoint {
  readonly claim: ClaimOf & { readonly xact: string };
  /** How many statements are known to be done. */
  readonly done: number;
  /** What the statement was that ran outside a transaction when it stopped; null for none. */
  readonly interrupted: StatementEffect | null;
  /** Whether that statement still stands in the file as it was. */
  readonly unchanged: boolean;
}
