import assert from "node:assert/strict";
import fc from "fast-check";
import type { Warning } from "../events.ts";
import { Failure } from "../errors/failure.ts";
import { parseTarget } from "./dsn.ts";
import type { Environment } from "./environment.ts";
import type { FileStatus } from "./setting_files.ts";
import type { ServersTarget, ServerTarget, Target } from "./target.ts";

interface World {
  readonly env?: Environment;
  /** Path to text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly status?: Partial<FileStatus>;
  readonly warnings?: Warning[];
  readonly os?: "windows" | "other";
}

function parse(url: string | undefined, { env = {}, files = {}, status, warnings, os = "other" }: World = {}) {
  return parseTarget({
    url,
    env: { USER: "os-user", HOME: "/home/ann", ...env },
    os,
    files: {
      readText: (path) => Promise.resolve(files[path] ?? ""),
      stat: (path) => Promise.resolve(path in files ? { isFile: true, mode: 0o600, owner: 1000, ...status } : null),
    },
    warn: (warning) => warnings?.push(warning),
  });
}

async function server(url: string | undefined, world: World = {}): Promise<ServerTarget> {
  const target: Target = await parse(url, world);
  assert(target.kind === "servers");
  assert.equal(target.servers.length, 1);
  return target.servers[0];
}

async function failure(url: string | undefined, world: World = {}): Promise<Failure> {
  try {
    await parse(url, world);
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.equal(error.exitCode, 2);
    return error;
  }
  assert.fail(`accepted: ${url}`);
}

/** All that a user would read of a failure. */
function textOf({ message, details }: Failure): string {
  return JSON.stringify([message, details]);
}

Deno.test("parseTarget() fills in what a URL leaves out", async () => {
  assert.deepEqual(await server("postgres://ann@db.internal"), {
    host: "db.internal",
    port: 5432,
    user: "ann",
    password: null,
    database: "ann",
    tls: { mode: "prefer", rootCertificates: null },
    applicationName: "pgmigrate",
    connectTimeoutMs: 30_000,
  });
  assert.equal((await server("postgres://db")).user, "os-user");
});

Deno.test("parseTarget() decodes every part of a URL", async () => {
  const target = await server("postgresql://a%40b:p%23s%2Fs%3A:x@db:6000/my%20app?application_name=ci%2Ba+b");
  assert.equal(target.user, "a@b");
  assert.equal(target.password, "p#s/s::x");
  assert.equal(target.port, 6000);
  assert.equal(target.database, "my app");
  assert.equal(target.applicationName, "ci+a+b");
});

Deno.test("parseTarget() reads hosts in every spelling", async () => {
  assert.equal((await server("postgres://ann@[::1]:6000/app")).host, "::1");
  assert.equal((await server("postgres://ann@%2Fvar%2Frun/app")).host, "/var/run");
  assert.equal((await server("postgres:///app?host=/socket/dir&port=6000")).host, "/socket/dir");
  assert.equal((await server("postgres://old/app?host=new")).host, "new");
  const target = await server("postgres://db/app?hostaddr=10.0.0.1");
  assert.deepEqual([target.host, target.hostAddress], ["db", "10.0.0.1"]);
});

Deno.test("parseTarget() looks for a socket where no host is given, and on Windows takes localhost", async () => {
  assert.equal((await server("postgres:///app")).host, "/var/run/postgresql");
  assert.equal((await server("postgres:///app", { files: { "/tmp/.s.PGSQL.5432": "" } })).host, "/tmp");
  assert.equal((await server("postgres:///app", { os: "windows" })).host, "localhost");
});

Deno.test("parseTarget() reads key=value pairs as libpq does", async () => {
  const target = await server(`  host = db dbname='a b'\tpassword='it\\'s \\\\ok' user=an\\ n options=''  `);
  assert.deepEqual([target.host, target.database, target.password, target.user], ["db", "a b", "it's \\ok", "an n"]);
  for (
    const bad of ["host=db dbname", "host=db dbname='a", "host=db =x", "host=db 'x'=y", "host=db password=a secret"]
  ) {
    assert.doesNotMatch(textOf(await failure(bad)), /secret/);
  }
});

Deno.test("parseTarget() takes embedded: as it stands, white space and all", async () => {
  assert.deepEqual(await parse("embedded:"), { kind: "embedded", directory: null });
  assert.deepEqual(await parse("embedded:my data/%20"), { kind: "embedded", directory: "my data/%20" });
  assert.equal((await failure("embedded://data")).code, "invalid-database-url");
});

Deno.test("parseTarget() takes the URL given, else DATABASE_URL, else the PG* variables", async () => {
  const env = { DATABASE_URL: "postgres://ann@second/app", PGHOST: "third" };
  assert.equal((await server("postgres://ann@first/app", { env })).host, "first");
  assert.equal((await server(undefined, { env })).host, "second");
  assert.equal((await server(undefined, { env: { ...env, DATABASE_URL: "" } })).host, "third");
});

Deno.test("parseTarget() lets PG* variables fill what the URL leaves out, and never the other way", async () => {
  const env = {
    PGHOST: "other",
    PGPORT: "6000",
    PGUSER: "eve",
    PGPASSWORD: "from-env",
    PGDATABASE: "other",
    PGOPTIONS: "-c a=b",
    PGAPPNAME: "ci",
    PGCONNECT_TIMEOUT: "7",
    PGSSLMODE: "require",
  };
  assert.deepEqual(await server("postgres://db/app", { env }), {
    host: "db",
    port: 6000,
    user: "eve",
    password: "from-env",
    database: "app",
    tls: { mode: "require", rootCertificates: null },
    applicationName: "ci",
    options: "-c a=b",
    connectTimeoutMs: 7000,
  });
  const target = await server("postgres://ann:mine@db:1/app?sslmode=disable&connect_timeout=0", { env });
  assert.deepEqual([target.user, target.password, target.port, target.connectTimeoutMs], ["ann", "mine", 1, 0]);
  assert.equal(target.tls.mode, "disable");
});

Deno.test("parseTarget() finds no database where only a user, a port or a password is set", async () => {
  const env = { PGUSER: "ann", PGPORT: "5433", PGPASSWORD: "x" };
  for (
    const none of [
      failure(undefined),
      failure(undefined, { env }),
      failure("postgres://@/"),
      failure("", {
        env: { DATABASE_URL: "postgres://db/app", PGHOST: "db" },
      }),
    ]
  ) {
    const { code, details } = await none;
    assert.equal(code, "no-database");
    assert.match(details.hint ?? "", /DATABASE_URL=.*--database-url.*PGHOST.*embedded:/);
  }
});

Deno.test("parseTarget() says that no user was given, and blames no URL for it", async () => {
  const nobody = { USER: "" };
  for (const [url, env] of [[undefined, { PGHOST: "db" }], ["postgres://db/app", {}], ["host=db", {}]] as const) {
    const { code, message, details } = await failure(url, { env: { ...nobody, ...env } });
    assert.deepEqual([code, message], ["no-user", "No user was given"]);
    assert.match(details.hint ?? "", /postgres:\/\/user@host\/database.*user=.*PGUSER/);
  }
});

Deno.test("parseTarget() asks to percent-encode what would end a password early, and shows none of it", async () => {
  for (const raw of "#/%@? \t\n") {
    for (const rest of ["@db/app", "@db:5432/app?sslmode=require"]) {
      const { message, details } = await failure(`postgres://ann:hunter${raw}zwei${rest}`);
      assert.match(details.hint ?? "", /Percent-encode/, raw);
      assert.doesNotMatch(message + details.hint, /hunter|zwei/, raw);
    }
  }
});

Deno.test("parseTarget() names a parameter that it does not know, unless it may be a piece of a password", async () => {
  const schema = await failure("postgres://db/app?schema=x");
  assert.equal(schema.message, "Unknown parameter in the database URL: schema");
  assert.match(schema.details.hint ?? "", /options=-csearch_path.*--table/);
  assert.equal((await failure("host=db pgbouncer=true")).code, "unknown-connection-parameter");
  assert.doesNotMatch(textOf(await failure("postgres://db/app?password=a&secret=b")), /secret/);
  assert.doesNotMatch(textOf(await failure("host=db password=a secret=b")), /secret/);
});

Deno.test("parseTarget() names a parameter that it does not know behind a password that the host has ended", async () => {
  for (const [name, hint] of [["schema", /options=-csearch_path/], ["pgbouncer", /works through a pooler/]] as const) {
    const unknown = await failure(`postgres://ann:hunter2zwei@db/app?${name}=x`);
    assert.equal(unknown.message, `Unknown parameter in the database URL: ${name}`);
    assert.match(unknown.details.hint ?? "", hint);
    assert.doesNotMatch(textOf(unknown), /hunter2zwei/);
  }
  const both = await failure("postgres://ann:one@db/app?password=a&secret=b");
  assert.doesNotMatch(textOf(both), /secret/);
});

Deno.test("parseTarget() refuses by name what libpq has and it has not, from the URL and from the environment", async () => {
  for (
    const setting of [
      "channel_binding=require",
      "gssencmode=require",
      "require_auth=scram-sha-256",
      "sslcrl=/x",
      "ssl_min_protocol_version=TLSv1.3",
      "sslcertmode=require",
      "requirepeer=postgres",
    ]
  ) {
    const { code, message } = await failure(`postgres://db/app?${setting}`);
    assert.equal(code, "unsupported-connection-parameter");
    assert(message.startsWith(setting.slice(0, setting.indexOf("="))), message);
  }
  for (
    const [name, value] of [
      ["PGCHANNELBINDING", "require"],
      ["PGGSSENCMODE", "require"],
      ["PGREQUIREAUTH", "scram-sha-256"],
      ["PGSSLCRL", "/x"],
    ] as const
  ) {
    assert.match((await failure("postgres://db/app", { env: { [name]: value } })).message, new RegExp(`^${name} `));
  }
});

async function servers(url: string | undefined, world: World = {}): Promise<ServersTarget> {
  const target = await parse(url, world);
  assert(target.kind === "servers");
  return target;
}

async function places(url: string, world: World = {}): Promise<string[]> {
  return (await servers(url, world)).servers.map(({ host, hostAddress, port }) =>
    `${host}:${port}${hostAddress === undefined ? "" : `=${hostAddress}`}`
  );
}

Deno.test("parseTarget() reads several hosts and ports, in each spelling, as libpq pairs them", async () => {
  assert.deepEqual(await places("postgres://a:1,b:2/app"), ["a:1", "b:2"]);
  assert.deepEqual(await places("postgres://u:p@a,[::1]:2,%2Ftmp/app"), ["a:5432", "::1:2", "/tmp:5432"]);
  assert.deepEqual(await places("postgres://a,b/app?port=6000"), ["a:6000", "b:6000"]);
  assert.deepEqual(await places("host=a,b port=1,2 dbname=app"), ["a:1", "b:2"]);
  assert.deepEqual(await places("host=a,b port=,2"), ["a:5432", "b:2"]);
  assert.deepEqual(await places("host=a, port=1"), ["a:1", "/var/run/postgresql:1"]);
  assert.deepEqual(await places("host=a,b hostaddr=10.0.0.1,10.0.0.2"), ["a:5432=10.0.0.1", "b:5432=10.0.0.2"]);
  assert.deepEqual(await places("hostaddr=10.0.0.1,::1"), ["10.0.0.1:5432=10.0.0.1", "::1:5432=::1"]);
  assert.deepEqual(await places("postgres:///app", { env: { PGHOST: "a,b", PGPORT: "7" } }), ["a:7", "b:7"]);
});

Deno.test("parseTarget() refuses lists of hosts, addresses and ports that do not go together", async () => {
  for (
    const text of ["host=a,b port=1,2,3", "host=a port=1,2", "host=a,b hostaddr=10.0.0.1", "postgres://a:1,b:x/app"]
  ) {
    assert.equal((await failure(text)).code, "invalid-connection-parameter", text);
  }
});

Deno.test("parseTarget() looks each host up in the password file, and gives a socket no TLS", async () => {
  const { servers: [a, b] } = await servers("postgres://ann@a,%2Ftmp/app?sslmode=require", {
    files: { "/home/ann/.pgpass": "a:*:*:*:one\nlocalhost:*:*:*:two\n" },
  });
  assert.deepEqual([a.password, b?.password], ["one", "two"]);
  assert.deepEqual([a.tls.mode, b?.tls.mode], ["require", "disable"]);
});

Deno.test("parseTarget() reads target_session_attrs and load_balance_hosts", async () => {
  const { sessionAttributes, shuffled } = await servers("postgres://a,b/app", {
    env: { PGTARGETSESSIONATTRS: "prefer-standby", PGLOADBALANCEHOSTS: "random" },
  });
  assert.deepEqual([sessionAttributes, shuffled], ["prefer-standby", true]);
  assert.equal((await servers("postgres://a,b/app")).sessionAttributes, null);
  for (const query of ["target_session_attrs=writable", "load_balance_hosts=yes"]) {
    assert.equal((await failure(`postgres://db/app?${query}`)).code, "invalid-connection-parameter");
  }
});

const SERVICES = "[other]\nhost=other\n\n[app]\n# the app\nhost=a,b\nuser=app\npassword=hunter2zwei\n[more]\nport=1\n";

Deno.test("parseTarget() takes from a service what the URL leaves out, before the variables", async () => {
  const files = { "/home/ann/.pg_service.conf": SERVICES };
  const { servers: [one] } = await servers("postgres:///db?service=app", {
    files,
    env: { PGUSER: "eve", PGPORT: "7" },
  });
  assert.deepEqual([one.host, one.port, one.user, one.password], ["a", 7, "app", "hunter2zwei"]);
  assert.deepEqual(await places("host=c service=app", { files }), ["c:5432"]);
  const named = await servers(undefined, { files, env: { PGSERVICE: "app", PGDATABASE: "db" } });
  assert.deepEqual(named.servers.map(({ host, database }) => [host, database]), [["a", "db"], ["b", "db"]]);
});

Deno.test("parseTarget() looks for a service in the file that is named, in the user's, and in the system's", async () => {
  const system = { "/sys/pg_service.conf": "[app]\nhost=system\n" };
  const env = { PGSERVICE: "app", PGSYSCONFDIR: "/sys" };
  assert.equal((await server(undefined, { env, files: system })).host, "system");
  const files = { ...system, "/home/ann/.pg_service.conf": "[none]\nhost=x\n", "/own": "[app]\nhost=own\n" };
  assert.equal((await server(undefined, { env, files })).host, "system");
  assert.equal((await server(undefined, { env: { ...env, PGSERVICEFILE: "/own" }, files })).host, "own");
  assert.equal((await server("service=app servicefile=/own", { files })).host, "own");
  const windows = { "C:\\Roaming\\postgresql\\.pg_service.conf": "[app]\nhost=w\n" };
  const there = await server(undefined, { env: { ...env, APPDATA: "C:\\Roaming" }, files: windows, os: "windows" });
  assert.equal(there.host, "w");
});

Deno.test("parseTarget() refuses a service that is not there or cannot be read, and shows nothing of the file", async () => {
  const of = (text: string) => failure("service=app", { files: { "/home/ann/.pg_service.conf": text } });
  assert.equal((await of("[b]\nhost=x\n")).code, "unknown-service");
  assert.deepEqual((await of("[b]\n")).details.items, ["not in /home/ann/.pg_service.conf"]);
  assert.equal((await failure("service=app", { env: { PGSERVICEFILE: "/none" } })).code, "invalid-service-file");
  for (
    const [line, problem] of [
      ["hunter2zwei", /line 2 .*: it is not name=value/],
      ["passwort=hunter2zwei", /line 2 .*: it sets what is not a parameter/],
      ["password =hunter2zwei", /line 2 .*: it sets what is not a parameter/],
      ["service=hunter2zwei", /line 2 .*: a service cannot name another one/],
      ["ldap://hunter2zwei", /line 2 .*: services are not looked up in LDAP/],
      ["sslmode=hunter2zwei", /^sslmode in \/home\/ann\/.pg_service.conf has a value that cannot be used/],
      ["requirepeer=hunter2zwei", /^requirepeer in .* is not supported/],
    ] as const
  ) {
    const refused = await of(`[app]\n${line}\nhost=db\n`);
    assert.match(refused.message, problem);
    assert.doesNotMatch(textOf(refused), /hunter2zwei/);
  }
});

Deno.test("parseTarget() accepts and drops what asks for nothing that it does not do anyway", async () => {
  const query = "channel_binding=prefer&gssencmode=disable&target_session_attrs=read-write&client_encoding=UTF8";
  assert.equal((await server(`postgres://db/app?${query}`)).host, "db");
});

Deno.test("parseTarget() refuses values that cannot be right", async () => {
  for (
    const query of [
      "port=0",
      "port=65536",
      "port=5e3",
      "hostaddr=db",
      "sslmode=",
      "sslmode=Require",
      "connect_timeout=5s",
      "host=a%20b",
    ]
  ) {
    assert.equal((await failure(`postgres://db/app?${query}`)).code, "invalid-connection-parameter", query);
  }
  for (const url of ["postgres://db/a%00b", "postgres://db/%ff", "postgres://[db]/app", "postgres:db", "app"]) {
    assert.equal((await failure(url)).code, "invalid-database-url", url);
  }
});

Deno.test("parseTarget() says what to write for the URLs of other programs", async () => {
  const hints = {
    "jdbc:postgresql://db/app": /Drop jdbc:/,
    "postgresql+psycopg2://db/app": /drop the \+/,
    "mysql://db/app": /PostgreSQL only/,
    "sqlite:app.db": /embedded:DIR/,
    "'postgres://db/app'": /quotes/,
  };
  for (const [url, hint] of Object.entries(hints)) assert.match((await failure(url)).details.hint ?? "", hint);
});

/** Any text that a server can be told: no NUL, and no lone surrogates, which UTF-8 has not. */
const anyText = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));

Deno.test("parseTarget() gives back what a URL or key=value pairs were made from", async () => {
  const parts = fc.record({
    user: anyText,
    password: anyText,
    host: fc.oneof(fc.domain(), fc.ipV4(), anyText.map((text) => `/${text}`).filter((text) => !text.includes(","))),
    database: anyText,
  });
  await fc.assert(fc.asyncProperty(parts, async ({ user, password, host, database }) => {
    const [u, p, h, d] = [user, password, host, database].map(encodeURIComponent);
    const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
    for (
      const text of [
        `postgres://${u}:${p}@${h}/${d}`,
        `postgres:///?user=${u}&password=${p}&host=${h}&dbname=${d}`,
        `user=${quote(user)} password=${quote(password)} host=${quote(host)} dbname=${quote(database)}`,
      ]
    ) {
      const target = await server(text);
      assert.deepEqual([target.user, target.password, target.host, target.database], [user, password, host, database]);
    }
  }));
});

Deno.test("parseTarget() throws only failures, and none of them holds the password", async () => {
  const noise = fc.string({ unit: fc.constantFrom(..."a1:/?#[]@%&='\\ ,.\0é") });
  const around = fc.constantFrom(
    ["postgres://ann:", "@db/app"],
    ["postgres://ann:", "@db:5432/app?sslmode=require"],
    ["postgres://ann:", "@db/app?schema=x"],
    ["postgres://db/app?password=", ""],
    ["postgres://db/app?password=", "&x=y"],
    ["host=db password=", ""],
    ["host=db password=", " user=x"],
  );
  await fc.assert(
    fc.asyncProperty(around, noise, noise, async ([start, end], before, after) => {
      try {
        await parse(`${start}${before}hunter2zwei${after}${end}`);
      } catch (error) {
        assert(error instanceof Failure, String(error));
        assert.doesNotMatch(textOf(error), /hunter2zwei/);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("parseTarget() throws only failures, whatever it is given", async () => {
  const starts = fc.constantFrom("postgres://", "host=", "embedded:", "postgres:", "");
  await fc.assert(
    fc.asyncProperty(starts, fc.string({ unit: fc.constantFrom(..."a1:/?#[]@%&='\\ ,.\0é") }), async (start, rest) => {
      try {
        await parse(`${start}${rest}`);
      } catch (error) {
        assert(error instanceof Failure, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
