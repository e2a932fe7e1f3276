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
  /**
   * Reads a whole file, or gives null for one that is larger.
   * @throws {Failure} `file-unreadable`
   */
  read(path: string, maxBytes: number): Promise<Uint8Array | null>;
  /**
   * Reads a file of any size in pieces. A piece is good until the next one is asked for.
   * @throws {Failure} `file-unreadable`
   */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** Whether a name, wherever it comes from, can be that of a file in a directory, and leads to no other place. */
  isPlainName(name: string): boolean;
  /**
   * Writes a file that must not exist yet. Makes the directory when it is not there.
   * @throws {Failure} `file-exists`, `cannot-write`
   */
  create(path: string, text: string): Promise<void>;
  /**
   * Writes a file, in place of one that is there: all of it or nothing, whatever ends the process.
   * @throws {Failure} `cannot-write`
   */
  replace(path: string, text: string): Promise<void>;
}
