/** The password file, `~/.pgpass`. */

import type { Warning } from "../events.ts";
import type { Environment } from "./environment.ts";
import { SOCKET_DIRECTORIES } from "./server_name.ts";
import type { SettingFiles } from "./setting_files.ts";
import type { ServerTarget } from "./target.ts";
import { homeDirectory } from "./home_directory.ts";

/** What a line of the file is compared with. */
type Login = Pick<ServerTarget, "host" | "port" | "database" | "user">;

/** Where the file is looked for, and who hears why it was not used. */
export interface PassfileContext {
  /** The file to read; undefined for the usual place. */
  readonly path: string | undefined;
  readonly env: Environment;
  readonly files: SettingFiles;
  readonly os: "windows" | "other";
  readonly warn: (warning: Warning) => void;
}

/**
 * Looks a login up in the password file, as libpq does. A file that others can read is not used, with a warning.
 *
 * @returns the password of the first line that fits, or null
 */
export async function passwordFromFile(login: Login, context: PassfileContext): Promise<string | null> {
  const { files, os, warn } = context;
  const path = context.path ?? defaultPath(context);
  const status = path === undefined ? null : await files.stat(path);
  if (path === undefined || status === null) return null;
  const problem = !status.isFile
    ? "it is not a plain file"
    : os !== "windows" && ((status.mode ?? 0) & 0o077) !== 0
    ? "others can read it"
    : undefined;
  if (problem !== undefined) {
    warn({
      event: "warning",
      code: "password-file-not-used",
      message: `The password file was not used: ${problem}`,
      hint: `chmod 0600 ${path}`,
      file: path,
    });
    return null;
  }
  let text;
  try {
    text = await files.readText(path);
  } catch {
    return null; // libpq too goes on without a file that it cannot open; the server says whether a password is needed
  }
  return findPassword(text, login);
}

function defaultPath({ env, os }: PassfileContext): string | undefined {
  const home = homeDirectory({ env, os });
  if (home === undefined) return undefined;
  return os === "windows" ? `${home}\\pgpass.conf` : `${home}/.pgpass`;
}

/**
 * Finds the first line `host:port:database:user:password` that fits. `*` fits anything; in a field `\:` and `\\` stand
 * for `:` and `\`; a line that begins with `#` is a comment.
 */
export function findPassword(text: string, { host, port, database, user }: Login): string | null {
  const local = (SOCKET_DIRECTORIES as readonly string[]).includes(host);
  const login = [local ? "localhost" : host, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = /^((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):(.*)$/s.exec(line)?.slice(
      1,
    );
    const password = fields?.[4];
    if (fields === undefined || password === undefined) continue;
    if (login.every((part, index) => fields[index] === "*" || unescape(fields[index] ?? "") === part)) {
      return unescape(password);
    }
  }
  return null;
}

function unescape(field: string): string {
  return field.replace(/\\(.)/gs, "$1");
}
