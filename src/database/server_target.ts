/** From settings to servers: defaults, numbers, and what does not go together. */

import type { Warning } from "../events.ts";
import { invalidConnectionParameter, noUser } from "../errors/database_url.ts";
import type { Failure } from "../errors/failure.ts";
import type { Environment } from "./environment.ts";
import { passwordFromFile } from "./passfile.ts";
import { serverList, type ServerPlace } from "./server_list.ts";
import { SOCKET_DIRECTORIES, socketPath } from "./server_name.ts";
import { sessionAttributes } from "./session_attributes.ts";
import type { SettingFiles } from "./setting_files.ts";
import type { HonouredParameter, Setting, Settings } from "./settings.ts";
import type { ServersTarget, ServerTarget } from "./target.ts";
import { tlsSettings } from "./tls_settings.ts";

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
 * The servers that settings name.
 *
 * @throws {Failure} exit code 2
 */
export async function serversTarget(settings: Settings, context: TargetContext): Promise<ServersTarget> {
  const [first, ...others] = serverList(settings);
  return {
    kind: "servers",
    servers: [
      await serverTarget(first, { settings, ...context }),
      ...await Promise.all(others.map((place) => serverTarget(place, { settings, ...context }))),
    ],
    sessionAttributes: sessionAttributes(settings.get("target_session_attrs")),
    shuffled: isShuffled(settings.get("load_balance_hosts")),
  };
}

/** Each server has a password and certificates of its own: the password file and TLS depend on the host. */
async function serverTarget(
  { host: givenHost, hostAddress, port }: ServerPlace,
  { settings, ...context }: TargetContext & { readonly settings: Settings },
): Promise<ServerTarget> {
  const get = (name: HonouredParameter): string | undefined => settings.get(name)?.value || undefined;
  const host = givenHost ?? hostAddress ?? await defaultHost(port, context);
  const user = get("user") ?? operatingSystemUser(context.env);
  const database = get("dbname") ?? user;
  const options = get("options");
  return {
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
    connectTimeoutMs: 1000 * connectTimeout(settings.get("connect_timeout")),
  };
}

function isShuffled(setting: Setting | undefined): boolean {
  if (setting === undefined || setting.value === "") return false;
  if (setting.value !== "random" && setting.value !== "disable") {
    throw invalidConnectionParameter(setting.origin, "disable or random");
  }
  return setting.value === "random";
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
  throw noUser();
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
