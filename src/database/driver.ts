/** postgres.js, as the sessions use it: one socket, the simple protocol, every value as text. */

import process from "node:process";
import type { Duplex } from "node:stream";
import postgres from "postgres";
import type { Row, ServerMessage } from "./session.ts";

/** What the driver needs to log in. */
export interface Login {
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly applicationName: string;
  /** `options` of the startup message. */
  readonly startupOptions?: string;
}

/** How many messages may wait for their answers on one connection. */
const MAX_MESSAGES_AHEAD = 1000;

/**
 * The driver on one socket, which it is given once: it cannot reconnect. Every setting is given, for it would read those
 * that are not from the environment.
 */
export function driver(socket: Duplex, options: Login): postgres.Sql {
  let given = false;
  const once = () => {
    if (given) throw new Error("The session is gone");
    given = true;
    return socket;
  };
  const settings = {
    socket: once,
    ssl: false,
    host: "localhost",
    port: 5432,
    user: options.user,
    pass: () => options.password ?? "",
    database: options.database,
    max: 1,
    prepare: false,
    fetch_types: false,
    max_lifetime: null,
    idle_timeout: null,
    connect_timeout: 0,
    keep_alive: 0,
    backoff: 0,
    max_pipeline: MAX_MESSAGES_AHEAD,
    sslnegotiation: null,
    publications: "",
    debug: false,
    connection: {
      application_name: options.applicationName,
      ...options.startupOptions === undefined ? {} : { options: options.startupOptions },
    },
    // Notices are read along with the rest: here nobody would know which message they answer.
    onnotice: () => {},
  };
  return withoutVariable(
    "PGTARGETSESSIONATTRS",
    () => postgres(settings as unknown as postgres.Options<Record<string, never>>),
  );
}

/**
 * The driver reads this variable whatever it is given, knows fewer of its values than libpq, and would end a session
 * that our own choice of a server has found right. It reads it at once, so nobody else can miss the variable.
 */
function withoutVariable<T>(name: string, work: () => T): T {
  const value = process.env[name];
  delete process.env[name];
  try {
    return work();
  } finally {
    if (value !== undefined) process.env[name] = value;
  }
}

/** The driver's names for the fields of an error or notice. */
interface DriverMessage {
  readonly severity?: string | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: string | undefined;
  readonly internal_position?: string | undefined;
  readonly internal_query?: string | undefined;
  readonly where?: string | undefined;
  readonly routine?: string | undefined;
}

/** A message of the server, by the driver's names for its fields. */
export function asMessage(message: DriverMessage): ServerMessage {
  const { detail, hint, position, internal_position, internal_query, where, routine } = message;
  return {
    severity: message.severity ?? "ERROR",
    sqlstate: message.code ?? "XX000",
    message: message.message ?? "",
    ...detail === undefined ? {} : { detail },
    ...hint === undefined ? {} : { hint },
    ...position === undefined ? {} : { position: Number(position) },
    ...internal_position === undefined ? {} : { internalPosition: Number(internal_position) },
    ...internal_query === undefined ? {} : { internalQuery: internal_query },
    ...where === undefined ? {} : { where },
    ...routine === undefined ? {} : { routine },
  };
}

/** The driver sends a message of this size at once; with a smaller one it waits for the next turn of the event loop. */
const SENT_AT_ONCE_BYTES = 1024;

/** Spaces at the end save a millisecond a message, which is most of what a small migration takes. */
export function atOnce(text: string): string {
  return text.padEnd(SENT_AT_ONCE_BYTES);
}

/** A row as the driver gives it, values as they came. */
export type RawRow = readonly (Uint8Array | null)[];

/** What the driver gives for a text of one or more statements. */
export type RawResult = readonly RawRow[] & { readonly columns: readonly { readonly name: string }[] };

/** The driver gives a list of results for several statements with rows, and one result for one. */
export function rowsOf(result: RawResult | RawResult[]): Row[] {
  const several = Array.isArray(result) && !("columns" in result);
  const last = several ? (result as RawResult[]).at(-1) : result as RawResult;
  if (last === undefined) return [];
  return last.map((row) => Object.fromEntries(valuesOf(row).map((value, index) => [last.columns[index]!.name, value])));
}

/** The texts of a row's values. */
export function valuesOf(row: RawRow): (string | null)[] {
  return row.map((value) => value === null ? null : DECODER.decode(value));
}

const DECODER = new TextDecoder();
