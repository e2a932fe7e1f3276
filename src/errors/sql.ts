/** The SQL of a migration cannot run as it is. */

import { Failure, type FailureDetails, type Place } from "./failure.ts";

export function syntaxError(message: string, details: FailureDetails): Failure {
  return new Failure("syntax-error", 1, message, {
    sqlstate: "42601",
    hint: "The parser is that of PostgreSQL 18. If your server takes this, skip the parser: pgmigrate up --no-parse",
    state: "Nothing was applied.",
    ...details,
  });
}

/** A file that no parser has read begins with a BEGIN: nobody knows where its transaction ends. */
export function unparsedTransaction(place: Place): Failure {
  return new Failure("transaction-control", 1, "A file that is not parsed cannot have its own BEGIN … COMMIT", {
    place,
    hint:
      "Take BEGIN and COMMIT out: pgmigrate runs each file in a transaction of its own. Files are not parsed with " +
      "--no-parse, and above 16 MiB.",
  });
}

const OWN_TRANSACTION_HINT =
  "Take it out: pgmigrate runs each file in a transaction of its own. To commit in between, " +
  "split the file, or make `-- pgmigrate: no-transaction` its first line.";

/** A BEGIN, COMMIT or ROLLBACK that is not the one pair around the whole file. */
export function ownTransaction(place: Place, statement: string): Failure {
  const sentence = `${statement} would interfere with the transaction that holds this migration and its record`;
  return new Failure("transaction-control", 1, sentence, { place, hint: OWN_TRANSACTION_HINT });
}

/** BEGIN … COMMIT around the whole file, with options that pgmigrate's transaction does not have. */
export function transactionOptions(place: Place, statement: string): Failure {
  return new Failure("transaction-options", 1, `pgmigrate cannot run a file as ${statement}`, {
    place,
    hint: "It runs each file in a READ COMMITTED, READ WRITE transaction. Write BEGIN without options, or make " +
      "`-- pgmigrate: no-transaction` the first line: then the file's own BEGIN … COMMIT runs as it is written.",
  });
}

export function preparedTransaction(place: Place): Failure {
  return new Failure(
    "prepared-transaction",
    1,
    "PREPARE TRANSACTION would leave the migration neither done nor undone",
    {
      place,
      hint: "Take it out: pgmigrate commits the migration together with its record.",
    },
  );
}

/** A file with the directive no-transaction that ends inside a transaction it began. */
export function transactionLeftOpen(where: Place | string): Failure {
  return new Failure("transaction-left-open", 1, "This transaction is still open at the end of the file", {
    ...at(where),
    hint: "End it with COMMIT, or the server rolls it back.",
  });
}

/**
 * A statement that PostgreSQL does not run inside a transaction block, in a file that runs in one.
 *
 * @param file.others how many more statements it has
 * @param file.paired whether a BEGIN … COMMIT of its own stands around them
 */
export function needsDirective(
  place: Place,
  statement: string,
  { others, paired }: { readonly others: number; readonly paired: boolean },
): Failure {
  const line = "`-- pgmigrate: no-transaction`";
  const pair = paired ? ", and take its BEGIN and COMMIT out" : "";
  return new Failure("needs-no-transaction", 1, `${statement} cannot run inside a transaction`, {
    place,
    hint: others === 0
      ? `Make ${line} the first line of the file${pair}`
      : `Put it into a file of its own, and make ${line} the first line of that one: a failure here then still takes ` +
        `back ${others === 1 ? "the other statement" : `all ${others} other statements`}. Or make it the first line ` +
        `of this file${pair}`,
  });
}

/** COMMIT AND CHAIN in a file without a transaction: behind it the file could not be gone on with. */
export function chainedTransaction(place: Place): Failure {
  return new Failure("transaction-control", 1, "COMMIT AND CHAIN leaves no point at which this file could go on", {
    place,
    hint: "Write COMMIT and BEGIN instead",
  });
}

export function copyToStdout(where: Place | string): Failure {
  return new Failure("copy-to-stdout", 1, "COPY … TO stdout has nowhere to send its rows in a migration", {
    ...at(where),
    hint: "Take it out, or run it with psql.",
  });
}

/** A migration is text, and what ends the data is a line of text. */
export function binaryCopy(place: Place): Failure {
  return new Failure("copy-binary", 1, "COPY … FROM stdin cannot read binary data from a migration", {
    place,
    hint: "Write the data in the text or csv format.",
  });
}

/** Where the data begins is not certain: psql's rules, PostgreSQL's parser and the server do not agree on the COPY. */
export function copyUnclear(where: Place | string): Failure {
  return new Failure("copy-unclear", 1, "It is not clear where the data of this COPY … FROM stdin begins", {
    ...at(where),
    hint: "Write the COPY alone on its lines, with its `;` at the end of the line above the data, and without SET " +
      "standard_conforming_strings = off above it.",
  });
}

/** The server asks for data where the file has no COPY … FROM stdin, or asks for binary data. */
export function copyUnexpected(file: string): Failure {
  return new Failure("copy-unclear", 1, `The server asks for data that ${file} does not have`, {
    hint:
      "COPY … FROM stdin finds its data in the lines below it, in the text or csv format. Write it as a statement " +
      "of its own, outside of functions.",
    file,
  });
}

/** A warning, not a failure: as psql does, the end of the file is taken for that of the data. */
export function unclosedCopy(
  { file, line }: Place,
): { readonly code: string; readonly message: string; readonly hint: string; readonly file: string } {
  return {
    code: "unclosed-copy",
    message: `The data of the COPY at line ${line} of ${file} goes to the end of the file, without a line \\.`,
    hint: "Is the file whole? Whatever was cut off its end is not there.",
    file,
  };
}

/** A backslash outside of quotes and comments. @param instead what to write instead */
export function psqlCommand(place: Place, command: string, instead: string): Failure {
  return new Failure("psql-command", 1, `${command} is a command of psql, not SQL`, { place, hint: instead });
}

/** The file is UTF-8, and its own SET client_encoding says something else. */
export function foreignEncoding(place: Place, encoding: string): Failure {
  return new Failure("client-encoding", 1, `This file is UTF-8, and tells the server that it is ${encoding}`, {
    place,
    hint:
      "The server would read every character that is not ASCII as something else. Take the line out, or write UTF8.",
  });
}

/** It is not what was checked any more. */
export function fileChanged(file: string): Failure {
  return new Failure("file-changed", 1, `${file} was changed while it was being read`, {
    hint: "Run pgmigrate up again when nothing writes to the file any more.",
    file,
  });
}

/** @param limit such as `512 MB` */
export function tooMuchSql(file: string, limit: string): Failure {
  return new Failure(
    "too-large",
    2,
    `${file} holds more than ${limit} of SQL, which is more than one message can hold`,
    {
      hint: "Split the file, or write its rows as data of COPY … FROM stdin, as pg_dump does without --inserts.",
      file,
    },
  );
}

/** The place inside a file, or the file alone. */
function at(where: Place | string): FailureDetails {
  return typeof where === "string" ? { file: where } : { place: where };
}
