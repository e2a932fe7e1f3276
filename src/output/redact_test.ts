import assert from "node:assert/strict";
import { redact } from "./redact.ts";

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
