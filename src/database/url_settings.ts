/** A `postgres://` URL as settings, read as libpq reads it, but stricter where a password may have slipped. */

import { isIPv6 } from "node:net";
import { invalidDatabaseUrl } from "../errors/database_url.ts";
import type { Failure } from "../errors/failure.ts";

/**
 * A parameter of the URL and its value, decoded. Later ones win over earlier ones of the same name. Of a password before
 * the host it is certain where it ends: what follows is no piece of it.
 */
export type Pair = readonly [name: string, value: string, place?: "before the host"];

/**
 * Takes a URL apart: `postgres://user:password@host:port,host:port/database?name=value&…`.
 *
 * Characters that would end the password early make a failure that says to percent-encode them: `p#ss/w@rd` would
 * otherwise end up in a host name, and from there in a message or at a name server.
 *
 * @param url with its scheme, without white space around it
 * @throws {Failure} `invalid-database-url`; it never holds a part of the URL
 */
export function urlSettings(url: string): readonly Pair[] {
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  if (/[\s\x00-\x1f\x7f]/.test(url)) throw mustEncode("white space or a control character (a space is %20)");
  if (url.includes("#")) throw mustEncode("# (%23)");
  if (/%(?![0-9A-Fa-f]{2})/.test(url)) throw mustEncode("% (%25)");

  const [, authority, path, query] = /^[^:]*:\/\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/.exec(url) ?? [];
  if (authority === undefined) throw invalidDatabaseUrl("// is missing after its scheme");
  // An @ anywhere but before the host means that the password ended early, at an @, / or ? of its own.
  if (authority.split("@").length > 2 || `${path}${query}`.includes("@")) {
    throw mustEncode("@ (%40), / (%2F) or ? (%3F)");
  }
  if (path?.slice(1).includes("/")) throw mustEncode("/ (%2F) in the database name or in the password");

  const at = authority.indexOf("@");
  return [
    ...userSettings(authority.slice(0, Math.max(at, 0))),
    ...hostSettings(authority.slice(at + 1)),
    ...(path !== undefined && path.length > 1 ? [["dbname", decode(path.slice(1))] as const] : []),
    ...querySettings(query ?? ""),
  ];
}

function userSettings(text: string): readonly Pair[] {
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  return [
    ...(user === "" ? [] : [["user", decode(user)] as const]),
    ...(colon < 0 ? [] : [["password", decode(text.slice(colon + 1)), "before the host"] as const]),
  ];
}

/** One host or several, each with a port of its own or none: `db1:5433,[::1],db3`. */
function hostSettings(text: string): readonly Pair[] {
  const places = text.split(",").map(hostAndPort);
  const [hosts, ports] = [places.map(({ host }) => host).join(","), places.map(({ port }) => port).join(",")];
  return [
    ...(hosts === "" ? [] : [["host", hosts] as const]),
    ...(ports === "" ? [] : [["port", ports] as const]),
  ];
}

function hostAndPort(text: string): { readonly host: string; readonly port: string } {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (host === undefined) {
    throw invalidDatabaseUrl(
      "the host is not clear",
      "Put an IPv6 address in brackets: postgres://user@[::1]:5432/app.",
    );
  }
  const name = decode(host.startsWith("[") ? host.slice(1, -1) : host);
  if (host.startsWith("[") && !isIPv6(name)) throw invalidDatabaseUrl("what stands in brackets is not an IPv6 address");
  return { host: name, port: port === undefined ? "" : decode(port) };
}

function querySettings(query: string): readonly Pair[] {
  return query.split("&").filter((part) => part !== "").map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) {
      throw invalidDatabaseUrl(
        "what follows the ? is not a list of name=value",
        "Join parameters with &: ?sslmode=require&connect_timeout=5. In a value, & is written %26.",
      );
    }
    const name = decode(part.slice(0, equals));
    const value = decode(part.slice(equals + 1));
    // libpq takes this one name of JDBC's, with this one value.
    return name === "ssl" && value === "true" ? ["sslmode", "require"] : [name, value];
  });
}

function decode(text: string): string {
  let decoded;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw invalidDatabaseUrl("what its percent-encoding stands for is not UTF-8");
  }
  if (decoded.includes("\0")) throw invalidDatabaseUrl("it holds %00, a NUL byte");
  return decoded;
}

function mustEncode(what: string): Failure {
  return invalidDatabaseUrl(
    `it holds a raw ${what}`,
    "Percent-encode what a user name, password or database name holds besides letters, digits and -._~: " +
      "# is %23, / is %2F, % is %25, @ is %40, ? is %3F, a space is %20. Or keep the password out of the URL, " +
      "in PGPASSWORD or a password file.",
  );
}
