/** The connection service file, `~/.pg_service.conf`: settings of a connection under a name. */

import { invalidServiceFile, unknownService } from "../errors/database_url.ts";
import type { Environment } from "./environment.ts";
import { homeDirectory } from "./home_directory.ts";
import type { SettingFiles } from "./setting_files.ts";
import { isHonoured, limitOf, type Setting, type Settings } from "./settings.ts";

/** Where PostgreSQL's packages put the file of the whole system: Debian's, Red Hat's, and one built by hand. */
const SYSTEM_DIRECTORIES = ["/etc/postgresql-common", "/etc/sysconfig/pgsql", "/usr/local/pgsql/etc"];

export interface ServiceContext {
  /** The file that was named in the URL, if one was. */
  readonly file: Setting | undefined;
  readonly env: Environment;
  readonly files: SettingFiles;
  readonly os: "windows" | "other";
}

/**
 * What a service stands for, from the file of the user or else that of the system, as libpq looks them up: a file that
 * PGSERVICEFILE names must be there, the usual ones need not.
 *
 * @throws {Failure} exit code 2; none holds a value of the file, which may be a password
 */
export async function serviceSettings(service: Setting, context: ServiceContext): Promise<Settings> {
  const looked: string[] = [];
  const named = context.file?.value || context.env["PGSERVICEFILE"];
  for (const path of placesOf(named, context)) {
    const text = await textOf(path, context);
    if (text === null && path === named) throw invalidServiceFile(path, null, "it cannot be read");
    if (text === null) continue;
    looked.push(path);
    const settings = findService(text, { service: service.value, path });
    if (settings !== null) return settings;
  }
  throw unknownService(service.origin, looked);
}

function placesOf(named: string | undefined, { env, os }: ServiceContext): string[] {
  const home = homeDirectory({ env, os });
  const own = named ?? (home === undefined ? undefined : `${home}${os === "windows" ? "\\" : "/"}.pg_service.conf`);
  const directory = env["PGSYSCONFDIR"];
  const system = directory ? [directory] : os === "windows" ? [] : SYSTEM_DIRECTORIES;
  return [...own === undefined ? [] : [own], ...system.map((name) => `${name}/pg_service.conf`)];
}

async function textOf(path: string, { files }: ServiceContext): Promise<string | null> {
  try {
    return await files.stat(path) === null ? null : await files.readText(path);
  } catch {
    return null;
  }
}

/**
 * Finds the settings below `[service]`, one `name=value` a line, up to the next `[…]`. Empty lines and lines that begin
 * with `#` do not count, the first of a repeated setting does.
 *
 * @returns null when the service is not in the text
 */
function findService(
  text: string,
  { service, path }: { readonly service: string; readonly path: string },
): Settings | null {
  const settings = new Map<string, Setting>();
  let found = false;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (found) return settings;
      found = line === `[${service}]`;
      continue;
    }
    if (!found) continue;
    if (/^ldaps?:/.test(line)) throw invalidServiceFile(path, index + 1, "services are not looked up in LDAP");
    const equals = line.indexOf("=");
    const name = line.slice(0, Math.max(0, equals));
    if (equals < 0) throw invalidServiceFile(path, index + 1, "it is not name=value");
    if (name === "service" || name === "servicefile") {
      throw invalidServiceFile(path, index + 1, "a service cannot name another one");
    }
    if (!isHonoured(name) && limitOf(name) === undefined) {
      throw invalidServiceFile(path, index + 1, "it sets what is not a parameter of a connection");
    }
    if (!settings.has(name)) settings.set(name, { value: line.slice(equals + 1), origin: `${name} in ${path}` });
  }
  return found ? settings : null;
}
