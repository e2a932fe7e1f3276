/**
 * Serves the PostgreSQL protocol from PGlite, synchronously, for as long as there are messages.
 *
 * PGlite's own `execProtocol` takes one whole message and never asks for more, so `COPY … FROM stdin`, whose data comes in
 * later messages, spins for ever in it. Here PostgreSQL's reads go to the client, as in a real backend. The functions
 * called are those that PGlite 0.5 calls itself in `execProtocolRawSync`.
 */

import type { PGlite } from "@electric-sql/pglite";
import type { Frame, FrameReader } from "./embedded_frames.ts";

/** What PGlite's WebAssembly module has and its types do not. */
interface Backend {
  readonly HEAPU8: Uint8Array;
  addFunction(call: (pointer: number, length: number) => number, signature: string): number;
  _pgl_set_rw_cbs(read: number, write: number): void;
  _pgl_getMyProcPort(): number;
  _ProcessStartupPacket(port: number, sslDone: boolean, gssDone: boolean): number;
  _pgl_sendConnData(): void;
  _PostgresMainLoopOnce(): void;
  _PostgresMainLongJmp(): void;
  _pgl_setPGliteExitStatus(status: number): number;
  _PostgresSendReadyForQueryIfNecessary(): void;
  _pq_buffer_remaining_data(): number;
  _pgl_pq_flush(): void;
}

/** PGlite leaves its main loop with this status where PostgreSQL would longjmp to it: after an ERROR. */
const EXIT_STATUS_ERROR = 100;

/** Ends a COPY whose client has gone. */
const COPY_FAIL = message("f", "the client has gone\0");

/**
 * Leaves the session as a new one finds it. DISCARD ALL takes no transaction, not even that of a message with several
 * statements. A stand-alone backend has no user to go back to, so RESET SESSION AUTHORIZATION does nothing in it.
 */
const RESET = ["ROLLBACK", "SET SESSION AUTHORIZATION postgres", "DISCARD ALL"].map((sql) => message("Q", `${sql}\0`));

const TERMINATE = "X".charCodeAt(0);

/**
 * Serves one connection after the other until the shutdown.
 * @param send takes what PostgreSQL answers; the bytes are its own to keep
 * @throws whatever the WebAssembly module throws when PostgreSQL ends in the middle
 */
export function serve(
  database: PGlite,
  { frames, send }: { readonly frames: FrameReader; readonly send: (bytes: Uint8Array<ArrayBuffer>) => void },
): void {
  const backend = database.Module as unknown as Backend;
  let unread: Uint8Array = new Uint8Array(0);
  let ending: Frame | null = null;
  let silent = false;
  backend._pgl_set_rw_cbs(backend.addFunction(read, "iii"), backend.addFunction(write, "iii"));
  reset();
  for (;;) {
    const frame: Frame = ending ?? frames.next();
    ending = null;
    if (frame.kind === "startup") start(frame.bytes);
    else if (frame.kind === "shutdown") return reset();
    else if (frame.kind === "end") reset();
    else if (frame.bytes[0] !== TERMINATE) run(frame.bytes);
  }

  function start(bytes: Uint8Array): void {
    unread = bytes;
    backend._ProcessStartupPacket(backend._pgl_getMyProcPort(), true, true);
    backend._pgl_sendConnData();
    backend._pgl_pq_flush();
  }

  function run(bytes: Uint8Array): void {
    unread = bytes;
    while (unread.length > 0 || backend._pq_buffer_remaining_data() > 0) {
      try {
        backend._PostgresMainLoopOnce();
      } catch (error) {
        if (backend._pgl_setPGliteExitStatus(-2) !== EXIT_STATUS_ERROR) throw error;
        backend._PostgresMainLongJmp();
      }
    }
    backend._PostgresSendReadyForQueryIfNecessary();
    backend._pgl_pq_flush();
  }

  function reset(): void {
    silent = true;
    for (const bytes of RESET) run(bytes);
    silent = false;
  }

  /** PostgreSQL asks for up to `capacity` bytes: the rest of this message, or the next one while it is in a COPY. */
  function read(pointer: number, capacity: number): number {
    if (unread.length === 0) unread = readOn();
    const bytes = unread.subarray(0, capacity);
    backend.HEAPU8.set(bytes, pointer);
    unread = unread.subarray(bytes.length);
    return bytes.length;
  }

  function readOn(): Uint8Array {
    const frame = ending ?? frames.next();
    if ((frame.kind === "message" || frame.kind === "startup") && frame.bytes[0] !== TERMINATE) return frame.bytes;
    ending = frame;
    silent = true;
    return COPY_FAIL;
  }

  function write(pointer: number, length: number): number {
    if (!silent) send(backend.HEAPU8.slice(pointer, pointer + length) as Uint8Array<ArrayBuffer>);
    return length;
  }
}

function message(type: string, body: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${type}\0\0\0\0${body}`);
  new DataView(bytes.buffer).setInt32(1, bytes.length - 1);
  return bytes;
}
