/** pg_dump, as Debian packages it. */

const ROOT = "/usr/lib/postgresql";

/**
 * What tests of dumps are skipped by, where there is no pg_dump: `Deno.test({ ignore: noPgDump(), … })`. In CI there must
 * be one.
 * @throws {Error} when it is missing in CI
 */
export function noPgDump(): boolean {
  if (findPgDump() !== null) return false;
  if (Deno.env.get("CI") === "true") throw new Error("There is no pg_dump here: apt-get install postgresql-client");
  console.warn("There is no pg_dump here: the tests of what it writes are skipped");
  return true;
}

/** What pg_dump writes of a database. */
export async function pgDump(url: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(findPgDump()!, { args: [...args, url] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The newest. */
function findPgDump(): string | null {
  try {
    const versions = Array.from(Deno.readDirSync(ROOT), ({ name }) => name).sort((a, b) => Number(b) - Number(a));
    const paths = versions.map((version) => `${ROOT}/${version}/bin/pg_dump`);
    return paths.find((path) => Deno.statSync(path).isFile) ?? null;
  } catch {
    return null;
  }
}
