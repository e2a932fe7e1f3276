/** Where in the data of a COPY the server found a mistake. */

import { ServerError } from "../database/session.ts";
import type { Place } from "../errors/failure.ts";
import { CopySource } from "../migration/copy_source.ts";
import type { Files } from "../migration/files.ts";
import { columnStart, copyFormat } from "../sql/copy_format.ts";
import { CopyLine } from "../sql/copy_line.ts";
import { placeInFile } from "../sql/sql_file.ts";
import type { CheckedFile } from "./check_files.ts";

/** The server refused a line of the data of a COPY, and its place in the file is known. */
export class DataError extends ServerError {
  constructor({ server, completed }: ServerError, readonly place: Place) {
    super(server, completed);
  }
}

/** `COPY t, line 3, column b: "x"`, in any language that puts it in this order. */
const IN_DATA = /^COPY .+?, \p{L}+ (\d+)(?:, \p{L}+ (.+?) ?: (.*))?/mu;

/**
 * An error of a COPY with its place in the data, which is read once more for it; as it was where it is not about a line.
 *
 * @param options.index which COPY of the file it is, from 0
 */
export async function dataError(error: ServerError, { file, index, files }: {
  readonly file: CheckedFile;
  readonly index: number;
  readonly files: Files;
}): Promise<ServerError> {
  const [, line, name, value = ""] = IN_DATA.exec(error.server.where ?? "") ?? [];
  const copy = file.copies[index]!;
  const format = await copyFormat(file.sql.text.slice(copy.start, copy.end));
  if (line === undefined || format === null) return error;
  const found = new CopyLine(Number(line), format);
  await using source = new CopySource(files, file.migration);
  try {
    for await (const bytes of source.data(index)) {
      if (found.read(bytes)) break;
    }
  } catch {
    // The file is not what it was: the error is still that of the server.
    return error;
  }
  if (!found.found) return error;
  const row = found.text;
  const column = name === undefined ? 1 : [...row.slice(0, columnStart(row, format, { name, value }))].length + 1;
  // Where its data was cut out stands now what comes after it.
  const after = placeInFile(file.sql, copy.cut).line;
  const below = file.copies.filter(({ cut }, other) => cut === copy.cut && other >= index);
  const first = after - below.reduce((sum, { lines }) => sum + lines, 0);
  return new DataError(error, { file: file.sql.path, line: first + found.linesBefore, column, sourceLine: row });
}
