import assert from "node:assert/strict";
import { objectName } from "./object_name.ts";

const free = () => false;

Deno.test("objectName() joins table, column and label", () => {
  assert.equal(objectName({ table: "posts", column: "user_id", label: "fkey" }, free), "posts_user_id_fkey");
  assert.equal(objectName({ table: "posts", column: null, label: "pkey" }, free), "posts_pkey");
});

Deno.test("objectName() counts on where a name is taken", () => {
  const taken = new Set(["posts_check", "posts_check1"]);
  assert.equal(objectName({ table: "posts", column: null, label: "check" }, (name) => taken.has(name)), "posts_check2");
});

Deno.test("objectName() takes characters off the longer part of what does not fit into 63 bytes", () => {
  const name = objectName({ table: "t".repeat(50), column: "c".repeat(20), label: "check" }, free);
  assert.equal(name, `${"t".repeat(36)}_${"c".repeat(20)}_check`);
  const wide = objectName({ table: "ü".repeat(31), column: "c".repeat(20), label: "key" }, free);
  assert.equal(wide, `${"ü".repeat(19)}_${"c".repeat(20)}_key`);
});
