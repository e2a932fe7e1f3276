/** The files that settings may name: password file, certificates, keys. */

/** What a target needs to know about a file. */
export interface FileStatus {
  readonly isFile: boolean;
  /** Permission bits; null on Windows, which has none. */
  readonly mode: number | null;
  /** The owner's user id; null on Windows. */
  readonly owner: number | null;
}

/** The part of the file system that making a target may read. */
export interface SettingFiles {
  /**
   * @returns the file's text
   * @throws the system's error when it cannot be read
   */
  readText(path: string): Promise<string>;
  /** @returns null when there is no such file, or this user may not look */
  stat(path: string): Promise<FileStatus | null>;
}

/** The real file system. */
export const systemFiles: SettingFiles = {
  readText: (path) => Deno.readTextFile(path),
  async stat(path) {
    try {
      const { isFile, mode, uid } = await Deno.stat(path);
      return { isFile, mode: mode === null ? null : mode & 0o777, owner: uid };
    } catch {
      return null;
    }
  },
};
