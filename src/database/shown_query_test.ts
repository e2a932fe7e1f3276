import assert from "node:assert/strict";
import fc from "fast-check";
import { shownQuery } from "./shown_query.ts";

Deno.test("shownQuery() makes one short line of a statement", () => {
  assert.equal(shownQuery("\n  SELECT *\n\tFROM posts\r\n WHERE id = 1;  "), "SELECT * FROM posts WHERE id = 1");
  assert.equal(shownQuery(""), "");
  const long = shownQuery(`SELECT '${"🐘".repeat(200)}'`);
  assert.equal(Array.from(long).length, 80);
  assert.match(long, /^SELECT '🐘+…$/u);
});

Deno.test("shownQuery() leaves no password in it, in whatever way SQL writes one", () => {
  const statements = [
    "ALTER ROLE app PASSWORD 'hunter2'",
    "CREATE USER app WITH ENCRYPTED  password\n'it''s hunter2' LOGIN",
    "ALTER ROLE app PASSWORD E'hunter2\\\\'",
    "ALTER ROLE app PASSWORD E'it\\'s hunter2'",
    "SELECT dblink_connect('host=h password=''hunter2'' dbname=d')",
    "ALTER ROLE app PASSWORD U&'hunter2'",
    "ALTER ROLE app PASSWORD $$hunter2$$",
    "ALTER ROLE app PASSWORD $a$hunter2",
    "ALTER ROLE app PASSWORD 'hunter2 and cut off by the serv",
    "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'hunter2')",
    "SELECT dblink_connect('host=h password=hunter2')",
    "SELECT dblink_connect('host=h password = hunter2 dbname=d')",
    "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:hunter2@h/d' PUBLICATION p",
  ];
  for (const statement of statements) {
    const shown = shownQuery(statement);
    assert.doesNotMatch(shown, /hunter2/, statement);
    assert.match(shown, /\*\*\*/);
    assert.equal(shown.slice(0, 10), statement.slice(0, 10));
  }
  assert.equal(shownQuery("SELECT password FROM users"), "SELECT password FROM users");
});

Deno.test("shownQuery() lets no password through where the statement is cut, wherever that is", () => {
  fc.assert(fc.property(fc.nat(200), fc.string(), (padding, rest) => {
    assert.doesNotMatch(shownQuery(`${"x".repeat(padding)} PASSWORD 'hunter2${rest}`), /hunter2/);
  }));
});
