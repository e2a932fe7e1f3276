/** The server is not one that the command can work on. */

import { Failure } from "./failure.ts";

/** @param servers each that was asked, with what is against it, where there are several */
export function isReplica(servers: readonly string[] = []): Failure {
  const message = servers.length === 0
    ? "This server is a replica: it cannot be changed"
    : "Only replicas were found, and they cannot be changed";
  return new Failure("is-replica", 4, message, {
    sqlstate: "25006",
    hint: "Connect to the primary server. If one is being promoted now, wait for it with --wait 1min",
    ...servers.length === 0 ? {} : { items: servers },
  });
}

/** The servers can be reached, and none is of the kind that was asked for. */
export function noSuchServer(kind: string, servers: readonly string[]): Failure {
  return new Failure("no-such-server", 4, `No server that is ${kind} was found`, {
    hint: kind === "read-write"
      ? "target_session_attrs=primary takes a primary whose default_transaction_read_only is on as well"
      : "The kind is that of target_session_attrs",
    items: servers,
  });
}

/** None of several servers takes connections. */
export function noneReached(servers: readonly string[]): Failure {
  return new Failure("cannot-connect", 4, `Cannot connect to any of ${servers.length} servers`, {
    hint: "Is one of them running, and can this machine reach it?",
    items: servers,
  });
}

/** Two connections of one run have come to different servers. */
export function serverChanged(server: string): Failure {
  return new Failure("server-changed", 4, `${server} is another server now than when this run began`, {
    hint: "A run needs all its connections on one server. Has it just been restarted or failed over? Then run the " +
      "command again. If the name stands for several servers, name the one that can be written to",
  });
}

/** A warning, not a failure: of several servers, none that can be written to was found for a command that only reads. */
export function readFromReplica(
  server: string,
): { readonly event: "warning"; readonly code: string; readonly message: string } {
  return {
    event: "warning",
    code: "read-from-replica",
    message: `${server} is a replica, and may lag behind: no server that can be written to was found`,
  };
}

/** `--wait` is over. */
export function waitedInVain(failure: Failure, { waitedMs }: { readonly waitedMs: number }): Failure {
  return failure.with({ detail: `Waited ${(waitedMs / 1000).toFixed(1)} s for it (--wait)` });
}
