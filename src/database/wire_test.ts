import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { cancelRequest, readServerMessage, Wire } from "./wire.ts";

/** A message of the server: a letter, the length (itself included), the body. */
function message(type: string, body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string);
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

function errorBody(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields).map(([letter, text]) => `${letter}${text}\0`).join("") + "\0";
}

const FATAL = errorBody({ S: "FATALE", V: "FATAL", C: "57P01", M: "chiuso da un amministratore" });

const LOGIN = [
  message("R", Uint8Array.from([0, 0, 0, 0])),
  message("S", "server_version\0" + "15.18\0"),
  message("K", Uint8Array.from([0, 1, 0, 2, 0xde, 0xad, 0xbe, 0xef])),
  message("Z", "I"),
];

/** A transaction with rows, a notice, and an error in it; then the server goes. */
const TRANSACTION = [
  message("C", "BEGIN\0"),
  message("T", Buffer.alloc(30)),
  message("D", Buffer.from("ZTCKEGHW Z\0\0\0\x05I: a row may look like anything")),
  message("D", ""),
  message("C", "SELECT 1\0"),
  message("N", errorBody({ S: "NOTICE", V: "NOTICE", C: "00000", M: "careful" })),
  message("C", "INSERT 0 1\0"),
  message("Z", "T"),
  message("E", errorBody({ S: "ERROR", V: "ERROR", C: "42P01", M: 'relation "x" does not exist' })),
  message("Z", "E"),
  message("E", FATAL),
];

function factsOf(wire: Wire) {
  const { status, backendPid, fatal, copy } = wire;
  return { status, backendPid, secret: wire.cancelSecret.toString("hex"), fatal, copy };
}

/** Reads the answers to three messages, of which the login takes the first. */
function readAll(chunks: readonly Uint8Array[]) {
  const wire = new Wire();
  const notices: string[] = [];
  const exchanges = [1, 2, 3].map((which) => wire.begin(({ message }) => notices.push(`${which}: ${message}`)));
  for (const chunk of chunks) wire.read(chunk);
  return { ...factsOf(wire), answers: exchanges.map(({ completed, tag }) => [completed, tag]), notices };
}

const STREAM = Buffer.concat([...LOGIN, ...TRANSACTION]);

const EXPECTED = {
  status: "failed-transaction",
  backendPid: 65538,
  secret: "deadbeef",
  answers: [[0, ""], [3, "INSERT 0 1"], [0, ""]],
  notices: ["2: careful"],
  fatal: { severity: "FATAL", sqlstate: "57P01", message: "chiuso da un amministratore" },
  copy: null,
};

Deno.test("Wire reads status, cancel key, completed commands and the reason of the end", () => {
  assert.deepEqual(readAll([STREAM]), EXPECTED);
});

Deno.test("Wire reads the same wherever the bytes are split in two, and when they come one by one", () => {
  for (let at = 0; at <= STREAM.length; at++) {
    assert.deepEqual(readAll([STREAM.subarray(0, at), STREAM.subarray(at)]), EXPECTED, `split at ${at}`);
  }
  assert.deepEqual(readAll(Array.from(STREAM, (byte) => Uint8Array.of(byte))), EXPECTED);
});

Deno.test("Wire reads any messages the same, however they are split", () => {
  const anyMessage = fc.oneof(
    fc.constantFrom(...LOGIN, ...TRANSACTION, message("G", "\0\0\0"), message("H", "\0\0\0"), message("I", "")),
    fc.tuple(fc.constantFrom(..."DNTSRtnA1"), fc.uint8Array({ maxLength: 30 })).map(([type, body]) =>
      message(type, body)
    ),
  );
  const splits = fc.array(fc.nat(400), { maxLength: 12 });
  fc.assert(fc.property(fc.array(anyMessage, { maxLength: 12 }), splits, (messages, splits) => {
    const bytes = Buffer.concat(messages);
    const places = [0, ...splits.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
    assert.deepEqual(readAll(chunks), readAll(messages));
  }));
});

Deno.test("Wire knows the status after every message", () => {
  const wire = new Wire();
  const seen = ["I", "T", "E", "T", "I"].map((letter) => {
    wire.read(message("Z", letter));
    return wire.status;
  });
  assert.deepEqual(seen, ["idle", "in-transaction", "failed-transaction", "in-transaction", "idle"]);
});

Deno.test("Wire knows a status only once all of its message is there", () => {
  const wire = new Wire();
  const bytes = message("Z", "T");
  for (const byte of bytes.subarray(0, -1)) {
    wire.read(Uint8Array.of(byte));
    assert.equal(wire.status, "idle");
  }
  wire.read(bytes.subarray(-1));
  assert.equal(wire.status, "in-transaction");
});

Deno.test("Wire counts commands for the message that they answer, and none for those of a login", () => {
  const wire = new Wire();
  for (const bytes of [...LOGIN, message("C", "SELECT 1\0")]) wire.read(bytes);
  const [first, second] = [wire.begin(() => {}), wire.begin(() => {})];
  for (const bytes of [message("C", "CREATE TABLE\0"), message("Z", "I"), message("C", "COMMIT\0")]) wire.read(bytes);
  assert.deepEqual([first.completed, first.tag, second.completed, second.tag], [1, "CREATE TABLE", 1, "COMMIT"]);
});

Deno.test("Wire counts no empty query, and no rows, as a command", () => {
  const { answers } = readAll([message("I", ""), message("D", "C"), message("Z", "I")]);
  assert.deepEqual(answers[0], [0, ""]);
});

Deno.test("Wire passes over a row of any size, and finds the message behind it", () => {
  const wire = new Wire();
  const size = 3 * 2 ** 30;
  const header = Buffer.alloc(5);
  header.write("D");
  header.writeUInt32BE(size + 4, 1);
  wire.read(header);
  // The same bytes again and again, each of which would be a message of its own: three gigabytes in no memory.
  const chunk = Buffer.alloc(2 ** 24, message("Z", "E"));
  for (let sent = 0; sent < size; sent += chunk.length) wire.read(chunk);
  assert.equal(wire.status, "idle");
  wire.read(message("Z", "T"));
  assert.equal(wire.status, "in-transaction");
});

Deno.test("Wire keeps nothing of the buffer that a chunk lies in", () => {
  const wire = new Wire();
  const pool = Buffer.concat([
    message("K", Uint8Array.from([0, 0, 0, 7, 1, 2, 3, 4])),
    message("Z", "T").subarray(0, 3),
  ]);
  wire.read(pool);
  pool.fill(0xff);
  wire.read(message("Z", "T").subarray(3));
  assert.deepEqual([wire.backendPid, wire.cancelSecret.toString("hex"), wire.status], [
    7,
    "01020304",
    "in-transaction",
  ]);
});

Deno.test("Wire reads a chunk that is a part of a larger buffer", () => {
  const whole = Buffer.concat([message("Z", "E"), message("Z", "T"), message("Z", "E")]);
  const part = new Uint8Array(whole.buffer, whole.byteOffset + 6, 6);
  assert.equal(readAll([part]).status, "in-transaction");
});

Deno.test("Wire keeps cancel keys of any length, as protocol 3.2 has them", () => {
  const secret = Buffer.alloc(256, 0xab);
  const read = readAll([message("K", Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), secret]))]);
  assert.deepEqual([read.backendPid, read.secret], [0xffffffff, secret.toString("hex")]);
});

Deno.test("Wire takes FATAL and PANIC for the end, and no other severity, whatever the language of the server", () => {
  for (const severity of ["FATAL", "PANIC"]) {
    const { fatal } = readAll([message("E", errorBody({ S: "übersetzt", V: severity, C: "57P02", M: "Ende" }))]);
    assert.deepEqual(fatal, { severity, sqlstate: "57P02", message: "Ende" });
  }
  assert.equal(readAll([message("E", errorBody({ S: "FATAL", V: "ERROR", C: "XX000", M: "" }))]).fatal, null);
  assert.equal(readAll([message("N", FATAL)]).fatal, null);
});

Deno.test("Wire sees a COPY begin, in either direction", () => {
  assert.equal(readAll([message("G", "\0\0\0")]).copy, "FROM stdin");
  assert.equal(readAll([message("H", "\0\0\0")]).copy, "TO stdout");
  assert.equal(readAll([message("W", "\0\0\0")]).copy, "TO stdout");
  assert.equal(readAll([message("d", "data"), message("c", "")]).copy, null);
});

Deno.test("readServerMessage() reads every field by its letter, and passes over those it does not know", () => {
  const body = Buffer.from(errorBody({
    S: "FEHLER",
    V: "ERROR",
    C: "42703",
    M: 'Spalte „größe" existiert nicht',
    D: "detail",
    H: "hint",
    P: "31",
    p: "7",
    q: "SELECT x",
    W: "PL/pgSQL function f() line 1\nSQL statement",
    F: "parse_relation.c",
    L: "3665",
    R: "errorMissingColumn",
    "?": "from the future",
  }));
  assert.deepEqual(readServerMessage(body), {
    severity: "ERROR",
    sqlstate: "42703",
    message: 'Spalte „größe" existiert nicht',
    detail: "detail",
    hint: "hint",
    position: 31,
    internalPosition: 7,
    internalQuery: "SELECT x",
    routine: "errorMissingColumn",
    where: "PL/pgSQL function f() line 1\nSQL statement",
  });
});

Deno.test("readServerMessage() makes do with what a server or pooler leaves out", () => {
  // Servers before 9.6, and some poolers, send S only.
  assert.deepEqual(readServerMessage(Buffer.from(errorBody({ S: "FATAL", M: "no such database: x" }))), {
    severity: "FATAL",
    sqlstate: "XX000",
    message: "no such database: x",
  });
  assert.deepEqual(readServerMessage(Buffer.from("\0")), { severity: "ERROR", sqlstate: "XX000", message: "" });
  assert.deepEqual(readServerMessage(Buffer.alloc(0)), { severity: "ERROR", sqlstate: "XX000", message: "" });
});

Deno.test("readServerMessage() reads a message in another encoding than UTF-8 as well as it can", () => {
  const latin1 = Buffer.from(errorBody({ V: "FATAL", C: "28P01", M: "Passwort für x" }), "latin1");
  assert.deepEqual(readServerMessage(latin1).message, "Passwort f\ufffdr x");
});

Deno.test("cancelRequest() is the message that the protocol has for it", () => {
  assert.equal(
    cancelRequest(65538, Uint8Array.from([1, 2, 3, 4])).toString("hex"),
    "00000010" + "04d2162e" + "00010002" + "01020304",
  );
  const long = cancelRequest(0xffffffff, new Uint8Array(32));
  assert.deepEqual([long.length, long.readUInt32BE(0), long.readUInt32BE(8)], [44, 44, 0xffffffff]);
});

Deno.test("Wire takes a WARNING of an immediate end for the reason of the end, unless something comes behind it", () => {
  const crash = message(
    "N",
    errorBody({ S: "WARNING", V: "WARNING", C: "57P02", M: "crash of another server process" }),
  );
  const wire = new Wire();
  wire.read(crash);
  assert.deepEqual([wire.farewell?.sqlstate, wire.fatal], ["57P02", null]);
  for (const more of [message("Z", "I"), message("D", "a row"), message("C", "SELECT 1\0")]) {
    wire.read(crash);
    wire.read(more);
    assert.equal(wire.farewell, null);
  }
});
