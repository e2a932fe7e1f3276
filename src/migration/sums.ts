/**
 * Files with a checksum a line, in the format of `sha256sum`: 64 hexadecimal digits, two spaces, and a name. A name with
 * a backslash or a line end in it has these escaped, and its line begins with a backslash, as GNU coreutils writes it.
 */

import { badSums } from "../errors/check.ts";
import { parseFileName } from "./file_name.ts";

/** A migration as a line of such a file has it. */
export interface Summed {
  readonly version: bigint;
  /** The file's name, `001_create_users.sql`. */
  readonly name: string;
  /** SHA-256 as `checksum()` makes it. */
  readonly checksum: string;
}

const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" } as const;

/** A line for each migration; where all files have LF line ends and no BOM, `sha256sum -c` takes them. */
export function formatSums(migrations: readonly Summed[]): string {
  return migrations.map(({ name, checksum }) => {
    const escaped = name.replaceAll(/[\\\n\r]/g, (character) => ESCAPES[character as keyof typeof ESCAPES]);
    return `${escaped === name ? "" : "\\"}${checksum}  ${escaped}\n`;
  }).join("");
}

export interface ReadSums {
  /** In order of their versions. */
  readonly migrations: readonly Summed[];
  /** Names that are not those of migrations. */
  readonly ignored: readonly string[];
}

const LINE = /^(\\?)([0-9A-Fa-f]{64}) [ *](.+)$/s;

/**
 * Reads lines as {@link formatSums} and `sha256sum` write them. Empty lines and comments (`#`) count for nothing.
 *
 * @param file its path, for the failure
 * @throws {Failure} `bad-sums`, with the line
 */
export function readSums(text: string, file: string): ReadSums {
  const migrations: Summed[] = [];
  const ignored: string[] = [];
  const lines = new Map<bigint, number>();
  for (const [index, ended] of text.replace(/^\uFEFF/, "").split("\n").entries()) {
    // sha256sum escapes a CR that belongs to the name.
    const sourceLine = ended.replace(/\r$/, "");
    if (sourceLine === "" || sourceLine.startsWith("#")) continue;
    const place = { file, line: index + 1, column: 1, sourceLine };
    const [, escaped, hex, written] = LINE.exec(sourceLine) ?? [];
    if (written === undefined) throw badSums(place, "it is no checksum and name, as sha256sum writes them");
    const name = (escaped === "" ? written : unescaped(written))?.replace(/^(?:\.\/)+/, "");
    if (name === undefined) throw badSums(place, "its name has a backslash that means nothing");
    if (/[/]/.test(name)) {
      throw badSums(place, "its name is not relative to the migrations directory, where sha256sum is to be run");
    }
    const version = parseFileName(name)?.version;
    if (version === undefined) {
      ignored.push(name);
      continue;
    }
    const first = lines.get(version);
    if (first !== undefined) throw badSums(place, `line ${first} has version ${version} already`);
    lines.set(version, place.line);
    migrations.push({ version, name, checksum: hex!.toLowerCase() });
  }
  migrations.sort((a, b) => a.version < b.version ? -1 : 1);
  return { migrations, ignored };
}

const UNESCAPES: Readonly<Record<string, string>> = { "\\": "\\", "n": "\n", "r": "\r" };

/** undefined where a backslash stands before anything else. */
function unescaped(written: string): string | undefined {
  if (!/^(?:[^\\]|\\[\\nr])*$/.test(written)) return undefined;
  return written.replaceAll(/\\(.)/g, (_, character: string) => UNESCAPES[character]!);
}
