import assert from "node:assert/strict";
import { redact, redactAlso, redactLine } from "./redact.ts";

Deno.test("redact() takes the password out of a URL, whatever characters it holds", () => {
  const passwords = ["hunter2", "p@ss", "a/b#c?d", "a:b", "%40", "日本"];
  for (const password of passwords) {
    const url = `Invalid URL: 'postgres://user:${password}@host:5432/db'`;
    assert.equal(redact(url), "Invalid URL: 'postgres://user:***@host:5432/db'");
  }
  assert.equal(redact("postgresql://:secret@h"), "postgresql://:***@h");
});

Deno.test("redact() takes out every password of several URLs", () => {
  assert.equal(redact("from postgres://a:x@h to postgres://b:y@i"), "from postgres://a:***@h to postgres://b:***@i");
});

Deno.test("redact() leaves text without a password alone", () => {
  for (const text of ["http://host:80/path", "postgres://user@host/db", "12:30 a@b", "x::int"]) {
    assert.equal(redact(text), text);
  }
});

/** SQL and settings that hold a password in every way PostgreSQL and people write one: `§` stands for it. */
const WITH_PASSWORD: readonly string[] = [
  "ALTER ROLE app PASSWORD '§' VALID UNTIL 'infinity';",
  "CREATE USER app WITH ENCRYPTED PASSWORD E'§'",
  "alter role app password U&'§'",
  "ALTER ROLE app PASSWORD $$§$$;",
  "ALTER ROLE app PASSWORD $tag$§$tag$;",
  "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'a', password '§')",
  "CREATE SUBSCRIPTION s CONNECTION 'host=h password=§ dbname=d' PUBLICATION p",
  "SELECT dblink_connect('host=h password=§')",
  "UPDATE users SET password = crypt('§', gen_salt('bf'))",
  "SELECT set_password(password => '§')",
  "PGPASSWORD=§ psql",
  '{"user":"a","password":"§"}',
  "unterminated: PASSWORD '§",
  "postgres://app:§@host/db",
];

Deno.test("redact() takes out what SQL and settings call a password", () => {
  for (const text of WITH_PASSWORD) {
    for (const password of ["hunter2", "y", "geheim-größe"]) {
      assert.equal(redact(text.replace("§", () => password)), text.replace("§", "***"));
    }
  }
  assert.equal(redact("PASSWORD 'it''s' x"), "PASSWORD '***' x");
  assert.equal(redact("PASSWORD E'it\\'s' x"), "PASSWORD E'***' x");
  assert.equal(redact("PASSWORD $a$one$b$two$a$ x"), "PASSWORD $a$***$a$ x");
});

Deno.test("redact() leaves a password's name alone where no value follows", () => {
  const texts = [
    'password authentication failed for user "app"',
    'column "password" of relation "users" does not exist',
    "ALTER ROLE app PASSWORD NULL",
    "the columns id, password, name",
    "PASSWORD ''",
  ];
  for (const text of texts) assert.equal(redact(text), text);
});

Deno.test("redactLine() keeps the number of characters, so that a caret stands right", () => {
  for (const text of WITH_PASSWORD) {
    const line = text.replace("§", "größe🎉");
    assert.equal(redactLine(line), text.replace("§", "******"));
  }
});

Deno.test("redactAlso() takes out of a message what the source line called a password", () => {
  const hide = redactAlso("ALTER ROLE app PASSWORD 'hunter2;");
  assert.equal(
    hide(`unterminated quoted string at or near "'hunter2;"`),
    `unterminated quoted string at or near "'***"`,
  );
  assert.equal(redactAlso(undefined)("hunter2"), "hunter2");
});
