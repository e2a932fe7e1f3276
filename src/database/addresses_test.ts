import assert from "node:assert/strict";
import { withAddresses } from "./addresses.ts";
import type { ServerTarget } from "./target.ts";

const SERVER: ServerTarget = {
  host: "db.example",
  port: 5432,
  user: "ann",
  password: null,
  database: "app",
  tls: { mode: "disable", rootCertificates: null },
  applicationName: "pgmigrate",
  connectTimeoutMs: 1_000,
};
const { signal } = new AbortController();

Deno.test("withAddresses() gives each address of a name, and tries all but the last for a short time", async () => {
  const found = await withAddresses(SERVER, { signal, lookUp: () => Promise.resolve(["::1", "10.0.0.1"]) });
  assert.deepEqual(found, [{ ...SERVER, address: "::1", othersFollow: true }, { ...SERVER, address: "10.0.0.1" }]);
});

Deno.test("withAddresses() looks up names only, and leaves one that has no address as it is", async () => {
  assert.deepEqual(await withAddresses(SERVER, { signal, lookUp: () => Promise.resolve([]) }), [SERVER]);
  const lookUp = () => Promise.reject(new Error("looked up"));
  for (const place of [{ host: "10.0.0.1" }, { host: "::1" }, { host: "/tmp" }, { hostAddress: "10.0.0.1" }]) {
    assert.deepEqual(await withAddresses({ ...SERVER, ...place }, { signal, lookUp }), [{ ...SERVER, ...place }]);
  }
});

Deno.test("withAddresses() asks the system, which knows localhost", async () => {
  const [first] = await withAddresses({ ...SERVER, host: "localhost" }, { signal });
  assert.match(first!.address!, /^(127\.0\.0\.1|::1)$/);
});

Deno.test("withAddresses() waits for no name server when it is interrupted", async () => {
  const interrupt = new AbortController();
  const never = new Promise<never>(() => {});
  const looking = withAddresses(SERVER, { signal: interrupt.signal, lookUp: () => never });
  interrupt.abort(new Error("interrupted"));
  await assert.rejects(looking, /interrupted/);
});
