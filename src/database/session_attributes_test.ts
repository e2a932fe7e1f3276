import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { objection, type Wanted, wantedServer } from "./session_attributes.ts";
import type { ServersTarget, ServerTarget, SessionAttributes } from "./target.ts";

function target(
  servers: number,
  attributes: SessionAttributes | null,
): Pick<ServersTarget, "servers" | "sessionAttributes"> {
  const each = { host: "h" } as ServerTarget;
  return { servers: [each, ...Array(servers - 1).fill(each)], sessionAttributes: attributes };
}

Deno.test("wantedServer() wants for a command that writes a server that can be written to", () => {
  assert.equal(wantedServer(target(1, null), "write"), "primary");
  assert.equal(wantedServer(target(2, null), "write"), "read-write");
  assert.equal(wantedServer(target(2, "any"), "write"), "read-write");
  assert.equal(wantedServer(target(2, "primary"), "write"), "primary");
  assert.equal(wantedServer(target(1, "read-write"), "write"), "read-write");
  for (const attributes of ["standby", "read-only", "prefer-standby"] as const) {
    assert.throws(() => wantedServer(target(2, attributes), "write"), (error) => {
      assert(error instanceof Failure);
      assert.equal(error.exitCode, 2);
      return error.message.startsWith(`target_session_attrs=${attributes} asks for a server that cannot be written to`);
    });
  }
});

Deno.test("wantedServer() lets a command that reads have what was asked for, and else the server that up would choose", () => {
  assert.equal(wantedServer(target(1, null), "read"), "any");
  assert.equal(wantedServer(target(2, null), "read"), "prefer-read-write");
  assert.equal(wantedServer(target(2, "any"), "read"), "any");
  assert.equal(wantedServer(target(2, "standby"), "read"), "standby");
});

/** What libpq's documentation says of each value, for a primary, one that is read-only by default, and a replica. */
const EXPECTED: Readonly<Record<Wanted, readonly [boolean, boolean, boolean]>> = {
  "any": [true, true, true],
  "read-write": [true, false, false],
  "prefer-read-write": [true, false, false],
  "read-only": [false, true, true],
  "primary": [true, true, false],
  "standby": [false, false, true],
  "prefer-standby": [false, false, true],
};

Deno.test("objection() takes a server for what libpq takes it for", () => {
  const kinds = [
    { inRecovery: false, readOnlyByDefault: false },
    { inRecovery: false, readOnlyByDefault: true },
    { inRecovery: true, readOnlyByDefault: false },
  ];
  for (const [wanted, expected] of Object.entries(EXPECTED)) {
    assert.deepEqual(kinds.map((kind) => objection(kind, wanted as Wanted) === null), expected, wanted);
  }
});
