/** Sends a part of a file that may have COPY data: each COPY is the last statement of a message, with its data behind it. */

import { type Answer, ServerError, type ServerMessage, type Session } from "../database/session.ts";
import { copyUnclear } from "../errors/sql.ts";
import type { CopySource } from "../migration/copy_source.ts";
import type { Files } from "../migration/files.ts";
import { positionAt } from "../sql/positions.ts";
import { placeInFile } from "../sql/sql_file.ts";
import type { CheckedFile } from "./check_files.ts";
import { DataError, dataError } from "./data_error.ts";
import { interruptible } from "./interruptible.ts";

/** A part of a file's text, by UTF-16 indices. */
export interface Part {
  readonly file: CheckedFile;
  readonly start: number;
  readonly end: number;
}

export interface SendOptions {
  readonly session: Session;
  readonly files: Files;
  /** The data of this file. */
  readonly source: CopySource;
  readonly signal: AbortSignal;
  readonly onNotice: (notice: ServerMessage) => void;
  /** What is put before each message: a comment. */
  readonly mark?: string;
  /** Called after each message with what the server answered; throws where the file must not go on. */
  readonly afterMessage?: (answer: Pick<Answer, "tag">) => void;
}

/**
 * @returns how many statements have ended
 * @throws {ServerError} with position and count of statements from the start of the part; {@link SessionLost}; the reason
 * of the signal, where nothing was sent behind it
 */
export async function sendPart({ file, start, end }: Part, options: SendOptions): Promise<number> {
  const { session, mark = "", onNotice } = options;
  let at = start;
  let completed = 0;
  const answered = async (send: () => Promise<Answer>) => {
    let answer;
    try {
      answer = await interruptible(options, send);
      completed += answer.completed;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      throw moved(error, { by: positionAt(file.text.slice(start, at), at - start) - 1 - mark.length, completed });
    }
    options.afterMessage?.(answer);
  };
  for (const [index, copy] of file.copies.entries()) {
    if (copy.start < start || copy.start >= end) continue;
    const behind = Math.min(copy.end, end);
    const text = mark + file.text.slice(at, behind);
    await answered(() => copyFrom({ file, index, text }, options));
    at = behind;
  }
  if (at < end || start === end) {
    await answered(() => session.run(mark + file.text.slice(at, end), onNotice));
  }
  return completed;
}

/**
 * Sends a message that ends with the n-th COPY of a file, and its data.
 *
 * @throws {ServerError} a {@link DataError} where a line of the data was refused
 */
async function copyFrom(
  { file, index, text }: { readonly file: CheckedFile; readonly index: number; readonly text: string },
  { session, files, source, signal, onNotice }: SendOptions,
): Promise<Answer> {
  try {
    const answer = await session.copy(text, untilAborted(source.data(index), signal), onNotice);
    if (answer === null) throw copyUnclear(placeInFile(file.sql, file.copies[index]!.start));
    return answer;
  } catch (error) {
    if (!(error instanceof ServerError) || signal.aborted) throw error;
    throw await dataError(error, { file, index, files });
  }
}

async function* untilAborted(data: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const bytes of data) {
    signal.throwIfAborted();
    yield bytes;
  }
}

/** An error of one message as one of all of them. */
function moved(
  error: ServerError,
  { by, completed }: { readonly by: number; readonly completed: number },
): ServerError {
  const { position } = error.server;
  const server = position === undefined ? error.server : { ...error.server, position: position + by };
  const whole = new ServerError(server, error.completed + completed);
  return error instanceof DataError ? new DataError(whole, error.place) : whole;
}
