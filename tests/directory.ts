/** A project directory of a test's own, with a migrations directory in it, which goes with the block that made it. */

/** Files by their names. */
export type FileContents = Readonly<Record<string, string | Uint8Array>>;

/** Programs run in `path`, so that the files are `migrations/001_a.sql` in their output, wherever the directory is. */
export interface Directory extends AsyncDisposable {
  readonly path: string;
  /** Writes a migration, over what is there. */
  write(name: string, content: string | Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  read(name: string): Promise<string>;
  /** The names in the migrations directory, sorted. */
  names(): Promise<readonly string[]>;
}

/** Makes a directory whose `migrations` holds these files. */
export async function createDirectory(files: FileContents): Promise<Directory> {
  const path = await Deno.makeTempDir({ prefix: "pgmigrate-project-" });
  const pathOf = (name: string) => `${path}/migrations/${name}`;
  async function write(name: string, content: string | Uint8Array) {
    await (typeof content === "string"
      ? Deno.writeTextFile(pathOf(name), content)
      : Deno.writeFile(pathOf(name), content));
  }
  await Deno.mkdir(`${path}/migrations`);
  for (const [name, content] of Object.entries(files)) await write(name, content);
  return {
    path,
    write,
    remove: (name) => Deno.remove(pathOf(name)),
    read: (name) => Deno.readTextFile(pathOf(name)),
    names: async () => (await Array.fromAsync(Deno.readDir(`${path}/migrations`), ({ name }) => name)).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
