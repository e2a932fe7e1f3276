/** A pooler stands between, and does not allow what is needed. */

import { Failure, type Place } from "./failure.ts";

export function poolTooSmall(): Failure {
  return new Failure("pool-too-small", 2, "A pooler is there that has a pool of 1, and two connections are needed", {
    hint: "One holds the lock while the other runs the migrations. Set the pooler's pool_size to 2 or more " +
      "(default_pool_size, max_db_connections), or connect to the server itself",
    state: "Nothing was applied.",
  });
}

export function poolsStatements(): Failure {
  return new Failure("pools-statements", 2, "A pooler is there that pools statements, and allows no transactions", {
    hint: "Set its pool_mode to transaction or session, or connect to the server itself",
    state: "Nothing was applied.",
  });
}

/** Something that a session keeps, in a file that runs outside a transaction. */
export function pooledSession(place: Place): Failure {
  const sentence = "Through a pooler this would stay with a connection that others are given next";
  return new Failure("pooled-session", 2, sentence, {
    place,
    hint:
      "Connect to the server itself for this file. Or put it into a BEGIN … COMMIT of the file's own, with what it " +
      "is for, and write SET LOCAL or ON COMMIT DROP",
    state: "Nothing was applied.",
  });
}

/** A timeout of a file that runs outside a transaction. */
export function pooledDirective(place: Place, key: string): Failure {
  const sentence = `Through a pooler the directive ${key} cannot be kept outside a transaction`;
  return new Failure("pooled-directive", 2, sentence, {
    place,
    hint: "Connect to the server itself for this file, or take the directive out: then the settings of the role count",
    state: "Nothing was applied.",
  });
}
