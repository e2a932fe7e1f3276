import assert from "node:assert/strict";
import { readPlans } from "./explain_statement.ts";

const SCAN = {
  "Node Type": "Seq Scan",
  "Schema": "public",
  "Relation Name": "posts",
  "Plan Rows": 900,
  "Total Cost": 100,
};

Deno.test("readPlans() takes a scan for one, unless a LIMIT ends it", () => {
  const scans = (plan: Parameters<typeof readPlans>[0][number]["Plan"]) =>
    readPlans([plan === undefined ? {} : { Plan: plan }]).scans.map(({ name }) => name);
  assert.deepEqual(scans(SCAN), ["posts"]);
  assert.deepEqual(scans({ "Node Type": "Limit", "Plan Rows": 1, "Total Cost": 0.1, "Plans": [SCAN] }), []);
  // A sort has to see every row before it gives the first.
  const sort = { "Node Type": "Sort", "Plan Rows": 900, "Total Cost": 120, "Plans": [SCAN] };
  assert.deepEqual(scans({ "Node Type": "Limit", "Plan Rows": 1, "Total Cost": 119, "Plans": [sort] }), ["posts"]);
  assert.deepEqual(scans({ ...SCAN, "Node Type": "Index Scan" }), []);
  assert.deepEqual(scans(undefined), []);
});

Deno.test("readPlans() counts the rows that are written, in every plan that a rule makes, and no others", () => {
  const count = { "Node Type": "Aggregate", "Parent Relationship": "InitPlan", "Plan Rows": 1, "Total Cost": 5 };
  const write = { "Node Type": "ModifyTable", "Plan Rows": 0, "Total Cost": 100, "Plans": [SCAN, count] };
  assert.equal(readPlans([{ Plan: write }, { Plan: write }, {}]).rowsWritten, 1800);
  assert.equal(readPlans([{ Plan: SCAN }]).rowsWritten, null);
});
