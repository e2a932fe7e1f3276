/** The file system as pgmigrate uses it: the one reader and writer of migrations. */

export interface DirectoryEntry {
  readonly name: string;
  readonly isFile: boolean;
}

export interface Files {
  /**
   * The entries of a directory, links followed, in no order. A link that leads nowhere or round in a circle is no file.
   * @throws {Failure} `directory-missing`, `directory-is-a-file`, `directory-unreadable`
   */
  list(directory: string): Promise<readonly DirectoryEntry[]>;
  /** @throws {Failure} `file-unreadable` */
  read(path: string): Promise<Uint8Array>;
  /**
   * Writes a file that must not exist yet. Makes the directory when it is not there.
   * @throws {Failure} `file-exists`, `cannot-write`
   */
  create(path: string, text: string): Promise<void>;
}
