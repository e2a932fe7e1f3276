/** From what the user gave to the database it names. */

import {
  invalidDatabaseUrl,
  noDatabase,
  unknownConnectionParameter,
  unsupportedConnectionParameter,
} from "../errors/database_url.ts";
import { type Environment, environmentSettings, namesDatabase } from "./environment.ts";
import { foreignHint, foreignScheme } from "./foreign_urls.ts";
import { keywordSettings } from "./keyword_settings.ts";
import type { ServiceContext } from "./service_file.ts";
import { serversTarget, type TargetContext } from "./server_target.ts";
import { isHonoured, limitOf, type Setting, type Settings } from "./settings.ts";
import type { Target } from "./target.ts";
import { type Pair, urlSettings } from "./url_settings.ts";

/** What a target is made from. */
export interface TargetSource extends TargetContext {
  /** What the user gave on the command line; undefined when nothing was. */
  readonly url: string | undefined;
  readonly env: Environment;
}

/**
 * Finds out which database is meant: the URL given, else `DATABASE_URL`, else the `PG*` variables. Whatever a URL leaves
 * out is taken from the service that it or PGSERVICE names, and then from the `PG*` variables, as libpq does.
 *
 * @throws {Failure} exit code 2; no failure holds a part of the URL, which may carry a password
 */
export async function parseTarget(source: TargetSource): Promise<Target> {
  const given = (source.url ?? source.env["DATABASE_URL"] ?? "").trim();
  const fromEnvironment = environmentSettings(source.env);
  // An empty --database-url is a variable that was not set: falling back would migrate a database that nobody named.
  if (given === "" && source.url !== undefined) throw noDatabase();
  if (given.startsWith("embedded:")) return { kind: "embedded", directory: embeddedDirectory(given) };
  const fromUrl: Settings = given === "" ? new Map() : checked(pairsOf(given));
  const service = await serviceOf(fromUrl.get("service") ?? fromEnvironment.get("service"), {
    file: fromUrl.get("servicefile"),
    ...source,
  });
  const settings = new Map([...fromEnvironment, ...service, ...fromUrl]);
  if (!namesDatabase(settings)) throw noDatabase();
  refuseUnsupported(settings);
  return await serversTarget(settings, source);
}

async function serviceOf(service: Setting | undefined, context: ServiceContext): Promise<Settings> {
  if (service === undefined || service.value === "") return new Map();
  const { serviceSettings } = await import("./service_file.ts");
  return await serviceSettings(service, context);
}

function embeddedDirectory(given: string): string | null {
  const directory = given.slice("embedded:".length);
  if (directory.startsWith("//")) {
    throw invalidDatabaseUrl(
      "embedded: takes no //",
      "Write embedded:DIR, such as embedded:data or embedded:/var/lib/app.",
    );
  }
  return directory === "" ? null : directory;
}

function pairsOf(given: string): readonly Pair[] {
  if (/^postgres(ql)?:\/\//i.test(given)) return urlSettings(given);
  const foreign = foreignScheme(given);
  if (foreign !== undefined) throw foreign;
  if (!/^[A-Za-z_]\w*\s*=/.test(given)) throw invalidDatabaseUrl("it is neither a URL nor a list of name=value");
  return keywordSettings(given);
}

/** Names what pgmigrate does not know, but never a name that may be a piece of a password that held an `&` or a space. */
function checked(pairs: readonly Pair[]): Settings {
  const settings = new Map<string, Setting>();
  let endIsSure = true;
  for (const [name, value, place] of pairs) {
    if (name === "password" && place === undefined) endIsSure = false;
    if (!isHonoured(name) && limitOf(name) === undefined) {
      if (!endIsSure) {
        throw invalidDatabaseUrl(
          "an unknown parameter follows the password",
          "In a URL an & in the password is written %26; in name=value form a password with spaces stands in quotes.",
        );
      }
      if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw invalidDatabaseUrl("it has a parameter whose name is none");
      throw unknownConnectionParameter(name, foreignHint(name));
    }
    settings.set(name, { value, origin: `${name} in the database URL` });
  }
  return settings;
}

function refuseUnsupported(settings: Settings): void {
  for (const [name, { value, origin }] of settings) {
    const limit = limitOf(name);
    if (limit === undefined || value === "" || limit.accepted.includes(value.toLowerCase())) continue;
    throw unsupportedConnectionParameter(origin, limit.reason, limit.hint);
  }
}
