import assert from "node:assert/strict";
import { createProject } from "./pgmigrate.ts";
import { type Outcome, runProgram } from "./program.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("18");

const PASSWORD = "s3cr3t-größe-%/#@";
const FILES = { "001_a.sql": "CREATE TABLE a ();\n", "002_b.sql": "SELECT missing FROM a;\n" };
const FORMATS = ["human", "json", "github"];

/** Every way in which the password could be spelt. */
const SPELLINGS = [PASSWORD, encodeURIComponent(PASSWORD), encodeURI(PASSWORD), "s3cr3t"];

function assertSilent(what: string, { stdout, stderr }: Outcome) {
  for (const spelling of SPELLINGS) {
    assert.ok(!stdout.includes(spelling), `${what}: ${spelling} on stdout\n${stdout}`);
    assert.ok(!stderr.includes(spelling), `${what}: ${spelling} on stderr\n${stderr}`);
  }
}

interface Login {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The ways to hand a password over, for a role and a database. */
async function logins(url: URL, directory: string): Promise<Readonly<Record<string, Login>>> {
  const withPassword = new URL(url);
  withPassword.password = encodeURIComponent(PASSWORD);
  const keyValue = `host=${url.hostname} port=${url.port} dbname=${
    url.pathname.slice(1)
  } user=${url.username} password='${PASSWORD}'`;
  const passfile = `${directory}/pgpass`;
  await Deno.writeTextFile(passfile, `${url.hostname}:*:*:${url.username}:${PASSWORD.replaceAll(":", "\\:")}\n`);
  await Deno.chmod(passfile, 0o600);
  const serviceFile = `${directory}/pg_service.conf`;
  const service = `[app]\nhost=${url.hostname}\nport=${url.port}\ndbname=${
    url.pathname.slice(1)
  }\nuser=${url.username}\n`;
  await Deno.writeTextFile(serviceFile, `${service}password=${PASSWORD}\n`);
  const nowhere = "127.0.0.1:1";
  const several = withPassword.href.replace(`@${url.host}`, `@${nowhere},${url.host}`);
  const envFile = `${directory}/secrets.env`;
  await Deno.writeTextFile(envFile, `DATABASE_URL='${withPassword.href}'\n`);
  return {
    "a URL in DATABASE_URL": { env: { DATABASE_URL: withPassword.href } },
    "a URL on the command line": { args: ["--database-url", withPassword.href], env: {} },
    "key=value pairs": { args: ["-d", keyValue], env: {} },
    "PGPASSWORD": { env: { DATABASE_URL: url.href, PGPASSWORD: PASSWORD } },
    "a password file": { env: { DATABASE_URL: url.href, PGPASSFILE: passfile } },
    "a service file": { env: { PGSERVICE: "app", PGSERVICEFILE: serviceFile } },
    "a URL with several hosts": { env: { DATABASE_URL: several } },
    "key=value pairs with several hosts": {
      env: { DATABASE_URL: keyValue.replace(/^host=(\S+) port=(\S+)/, "host=127.0.0.1,$1 port=1,$2") },
    },
    "an environment file": { args: ["--env-file", envFile], env: {} },
  };
}

Deno.test({
  name: "a password reaches no output, in any format, verbose, on success and on failure",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, FILES);
    const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
    await project.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
    try {
      const url = new URL(project.url);
      url.username = role;
      url.password = "";
      for (const [way, { args = [], env }] of Object.entries(await logins(url, project.directory.path))) {
        await project.query("DROP TABLE IF EXISTS a, schema_migrations, schema_migrations_unfinished");
        for (const format of FORMATS) {
          const outcome = await runProgram(["up", "--verbose", "--format", format, ...args], {
            cwd: project.directory.path,
            env,
          });
          assert.equal(outcome.code, 1, `${way}, ${format}\n${outcome.stdout}${outcome.stderr}`);
          assert.match(outcome.stdout + outcome.stderr, /missing/, way);
          assertSilent(`${way}, ${format}`, outcome);
        }
      }
      assert.deepEqual(await project.query("SELECT source LIKE '%s3cr3t%' AS leaked FROM schema_migrations"), [{
        leaked: false,
      }]);
    } finally {
      await project.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  },
});

Deno.test("a password reaches no output when it is wrong, or the URL, the option or the command is", async () => {
  await using project = await createProject(server, FILES);
  const url = new URL(project.url);
  url.password = encodeURIComponent(PASSWORD);
  const raw = `postgres://u:${PASSWORD}@host/db`;
  const serviceFile = `${project.directory.path}/broken_services`;
  await Deno.writeTextFile(
    serviceFile,
    `[spaces]\npassword = ${PASSWORD}\n[line]\npassword=x\n${PASSWORD}\n[mode]\nhost=h\nsslmode=${PASSWORD}\n` +
      `[up]\nhost=nowhere.invalid,127.0.0.1\nport=1\ndbname=x\nuser=x\npassword=${PASSWORD}\n`,
  );
  const service = (name: string) => `service=${name} servicefile=${serviceFile}`;
  const cases: readonly (readonly string[])[] = [
    ...["spaces", "line", "mode", "up"].map((name) => ["up", "-d", service(name)]),
    ["up", "--wait", "300ms", "-d", service("up")],
    ["up", "-d", `service='${PASSWORD}'`],
    ["up", "-d", url.href.replace(`@${url.host}`, `@127.0.0.1:1,${url.host}`)],
    ["up", "-d", `${url.href}?target_session_attrs=${encodeURIComponent(PASSWORD)}`],
    ["up", "-d", `host=a,b port=1,2,3 password='${PASSWORD}'`],
    ["up", "-d", url.href],
    ["up", "-d", raw],
    ["up", "-d", `host=h password=${PASSWORD} nonsense=1`],
    ["up", "-d", `${url.href}?sslmode=${encodeURIComponent(PASSWORD)}`],
    ["up", "-d", `${url.href}?password=${encodeURIComponent(PASSWORD)}&unknown=1`],
    ["up", "-d", `postgres://u:${encodeURIComponent(PASSWORD)}@nowhere.invalid/db`],
    ["up", url.href],
    [raw],
    ["up", `--databse-url=${url.href}`],
    ["up", "--format", raw],
    ["up", "--table", raw],
    ["up", "--to", raw],
    ["up", "--lock-wait", raw],
  ];
  for (const args of cases) {
    for (const format of ["human", "json"]) {
      const outcome = await project.run([...args, "--verbose"], { env: { PGMIGRATE_FORMAT: format } });
      assert.notEqual(outcome.code, 0, args.join(" "));
      assertSilent(args.join(" "), outcome);
    }
  }
});

Deno.test("a password that the server repeats in an error is not shown", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "DO $$ BEGIN RAISE EXCEPTION 'cannot reach postgres://app:%@db/app', 's3cr' || '3t'; END $$;\n",
  });
  for (const format of FORMATS) {
    const outcome = await project.run(["up", "--format", format]);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stdout + outcome.stderr, /cannot reach postgres:\/\/app:/);
    assertSilent(format, outcome);
  }
});
