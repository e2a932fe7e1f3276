/** From settings to a server: defaults, numbers, and what does not go together. */

import { isIP } from "node:net";
import type { Warning } from "../events.ts";
import {
  type Failure,
  invalidConnectionParameter,
  invalidDatabaseUrl,
  unsupportedConnectionParameter,
} from "../errors.ts";
import type { Environment } from "./environment.ts";
import { passwordFromFile } from "./passfile.ts";
import { isSocketDirectory, SOCKET_DIRECTORIES, socketPath } from "./server_name.ts";
import type { SettingFiles } from "./setting_files.ts";
import type { HonouredParameter, Setting, Settings } from "./settings.ts";
import type { ServerTarget } from "./target.ts";
import { tlsSettings } from "./tls_settings.ts";

const DEFAULT_PORT = 5432;
/** libpq waits for ever. A deploy that hangs is worse than one that fails. */
const DEFAULT_CONNECT_TIMEOUT_S = 30;
/** What a target needs of the world. */
export interface TargetContext {
  readonly env: Environment;
  readonly files: SettingFiles;
  readonly os: "windows" | "other";
  /** Hears of a password file that is not used because others can read it. */
  readonly warn: (warning: Warning) => void;
}

/**
 * The server that settings name.
 *
 * @throws {Failure} exit code 2
 */
export async function serverTarget(settings: Settings, context: TargetContext): Promise<ServerTarget> {
  const get = (name: HonouredParameter): string | undefined => settings.get(name)?.value || undefined;
  const port = portNumber(settings.get("port"));
  const hostAddress = hostAddressOf(settings.get("hostaddr"));
  const host = hostOf(settings.get("host")) ?? hostAddress ?? await defaultHost(port, context);
  const user = get("user") ?? operatingSystemUser(context.env);
  const database = get("dbname") ?? user;
  const options = get("options");
  const connectTimeoutMs = 1000 * connectTimeout(settings.get("connect_timeout"));
  return {
    kind: "server",
    host,
    ...(hostAddress === undefined ? {} : { hostAddress }),
    port,
    user,
    database,
    password: get("password") ??
      await passwordFromFile({ host, port, database, user }, { path: get("passfile"), ...context }),
    tls: await tlsSettings(settings, { host: hostAddress ?? host, ...context }),
    applicationName: get("application_name") ?? get("fallback_application_name") ?? "pgmigrate",
    ...(options === undefined ? {} : { options }),
    connectTimeoutMs,
  };
}

function portNumber(setting: Setting | undefined): number {
  if (setting === undefined || setting.value === "") return DEFAULT_PORT;
  refuseSeveral(setting);
  const port = /^ *\d{1,5} *$/.test(setting.value) ? Number(setting.value) : 0;
  if (port < 1 || port > 65_535) throw invalidConnectionParameter(setting.origin, "a number from 1 to 65535");
  return port;
}

function hostAddressOf(setting: Setting | undefined): string | undefined {
  if (setting === undefined || setting.value === "") return undefined;
  refuseSeveral(setting);
  if (isIP(setting.value) === 0) throw invalidConnectionParameter(setting.origin, "an IP address");
  return setting.value;
}

function hostOf(setting: Setting | undefined): string | undefined {
  if (setting === undefined || setting.value === "") return undefined;
  refuseSeveral(setting);
  if (setting.value.startsWith("@")) {
    throw unsupportedConnectionParameter(
      setting.origin,
      "it names an abstract socket",
      "Give a host name or a directory.",
    );
  }
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  if (!isSocketDirectory(setting.value) && /[\s\x00-\x1f\x7f@/?#\\[\]]/.test(setting.value)) {
    throw invalidConnectionParameter(setting.origin, "a host name, an IP address, or a directory that starts with /");
  }
  return setting.value;
}

function refuseSeveral({ value, origin }: Setting): void {
  if (!value.includes(",")) return;
  throw unsupportedConnectionParameter(
    origin,
    "it names several servers",
    "Name the one server that can be written to.",
  );
}

/** libpq's: a socket in the usual place, and localhost on Windows. */
async function defaultHost(port: number, { files, os }: TargetContext): Promise<string> {
  if (os === "windows") return "localhost";
  for (const directory of SOCKET_DIRECTORIES) {
    if (await files.stat(socketPath({ host: directory, port })) !== null) return directory;
  }
  return SOCKET_DIRECTORIES[0];
}

function operatingSystemUser(env: Environment): string {
  const user = env["USER"] || env["LOGNAME"] || env["USERNAME"];
  if (user !== undefined && user !== "") return user;
  throw invalidDatabaseUrl(
    "it names no user",
    "Write the user before the host, postgres://user@host/database, or set PGUSER.",
  );
}

/** Seconds. Like libpq: whole, 0 or less for no limit, and 1 taken as 2. */
function connectTimeout(setting: Setting | undefined): number {
  if (setting === undefined || setting.value === "") return DEFAULT_CONNECT_TIMEOUT_S;
  if (!/^ *-?\d{1,7} *$/.test(setting.value)) throw invalidTimeout(setting);
  const seconds = Math.max(Number(setting.value), 0);
  return seconds === 1 ? 2 : seconds;
}

function invalidTimeout({ origin }: Setting): Failure {
  return invalidConnectionParameter(origin, "a whole number of seconds, 0 for no limit");
}
