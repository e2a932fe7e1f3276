/** What DO blocks and functions run, as far as their text says it. */

import type { CreateFunctionStmt, DoStmt, Node } from "libpg-query";
import { convertLocations } from "./byte_offsets.ts";
import { option, optionText } from "./option_values.ts";
import { parse, type Statement } from "./parser.ts";
import { type PlpgsqlStep, plpgsqlSteps, type PlpgsqlText } from "./plpgsql_steps.ts";
import { type StringLiteral, stringLiteral } from "./string_literal.ts";
import { TextInBody } from "./text_in_body.ts";
import { parsePlpgsqlRaw } from "./wasm_parser.ts";

/** What a body runs, in order. Places are UTF-16 indices into the text that its statement stands in. */
export type Step =
  /** Its text is SQL as long as what stands there: PERFORM is SELECT, and the INTO of variables is blank. */
  | { readonly kind: "statement"; readonly statement: Statement }
  /** A condition, or what a variable is set to. */
  | { readonly kind: "expression"; readonly tree: Node; readonly span: Span }
  /** EXECUTE of a text that is put together when it runs. */
  | { readonly kind: "computed"; readonly span: Span }
  /** COMMIT, where the server takes one: the block or procedure runs outside a transaction. */
  | { readonly kind: "commit" }
  /** What runs once, several times or never. */
  | { readonly kind: "branch"; readonly steps: readonly Step[] };

interface Span {
  readonly start: number;
  readonly end: number;
}

/** null: it is in a language that is not read, or not written as it runs. */
export type Body = readonly Step[] | null;

/** By the node of DO or CREATE FUNCTION. */
export type Bodies = ReadonlyMap<DoStmt | CreateFunctionStmt, Body>;

/** The bodies of all DO blocks and functions of a text, of those within others too. */
export async function readBodies(statements: readonly Statement[]): Promise<Bodies> {
  const bodies = new Map<DoStmt | CreateFunctionStmt, Body>();
  const open = [...statements];
  for (let statement = open.pop(); statement !== undefined; statement = open.pop()) {
    if (statement.kind !== "DoStmt" && statement.kind !== "CreateFunctionStmt") continue;
    const body = await readBody(statement);
    bodies.set(statement.node, body);
    open.push(...statementsIn(body));
  }
  return bodies;
}

/** All statements of a body, whether they are certain to run or not, in the order of the text. */
export function statementsIn(body: Body): readonly Statement[] {
  return (body ?? []).flatMap((step) =>
    step.kind === "statement" ? [step.statement] : step.kind === "branch" ? statementsIn(step.steps) : []
  );
}

type Routine = Extract<Statement, { readonly kind: "DoStmt" | "CreateFunctionStmt" }>;

async function readBody(routine: Routine): Promise<Body> {
  const options = routine.kind === "DoStmt" ? routine.node.args : routine.node.options;
  const given = option(options, "language");
  const language = given === null ? "plpgsql" : optionText(given);
  if (routine.kind === "CreateFunctionStmt" && routine.node.sql_body !== undefined) return atomic(routine);
  const literal = stringLiteral(routine, { location: option(options, "as")?.location ?? 0, text: bodyText(options) });
  if (language === "sql") {
    return literal === null ? await unplaced(routine, bodyText(options)) : await sqlBody(literal);
  }
  if (literal === null) return null;
  const json = language === "plpgsql" ? await parsePlpgsqlRaw(new TextEncoder().encode(routine.text)) : null;
  return json === null ? null : await plpgsqlBody(literal, plpgsqlSteps(json));
}

function bodyText(options: readonly Node[] | undefined): string {
  const value = option(options, "as")?.arg;
  if (value === undefined) return "";
  if ("String" in value) return value.String.sval ?? "";
  const [only] = "List" in value ? value.List.items ?? [] : [];
  return only !== undefined && "String" in only ? only.String.sval ?? "" : "";
}

/** BEGIN ATOMIC … END: the parser has read it, and tells of none of its statements where it ends. */
function atomic({ node, start, end, text }: Routine & { readonly kind: "CreateFunctionStmt" }): Body {
  const found: Step[] = [];
  const open = [node.sql_body];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if ("List" in next) open.unshift(...next.List.items ?? []);
    else {
      const [kind, own] = Object.entries(next)[0]!;
      found.push({ kind: "statement", statement: { kind, node: own, start, end, text } as Statement });
    }
  }
  return found;
}

async function sqlBody({ start, value }: StringLiteral): Promise<Body> {
  const outcome = await parse(value);
  return outcome.kind === "statements" ? outcome.statements.map((one) => asStep(moved(one, start))) : null;
}

/** A body with quotes in it stands in the file otherwise than it reads: each of its statements is placed at the function. */
async function unplaced({ start, end, text }: Routine, value: string): Promise<Body> {
  const outcome = await parse(value);
  if (outcome.kind !== "statements") return null;
  return outcome.statements.map((statement) => {
    convertLocations(statement.node, { index: () => start });
    return asStep({ ...statement, start, end, text } as Statement);
  });
}

/** All that is in a body is parsed at once: a call of the parser costs more than what it is given. */
async function plpgsqlBody(literal: StringLiteral, steps: readonly PlpgsqlStep[]): Promise<Body> {
  const within = new TextInBody(literal);
  const places = new Map<PlpgsqlText, Place>();
  let all = "";
  for (const text of textsIn(steps)) {
    const found = within.find(text);
    if (found === null) return null;
    const sql = text.kind === "statement" ? found.sql : `SELECT ${valueOf(found.sql)}`;
    places.set(text, { ...found, sql, at: all.length, index: places.size });
    all += `${sql}\n;`;
  }
  const outcome = places.size === 0 ? null : await parse(all);
  const statements = outcome?.kind === "statements" ? outcome.statements : [];
  return statements.length === places.size ? await Promise.all(steps.map((step) => placed(step))) : null;

  async function placed(step: PlpgsqlStep): Promise<Step> {
    if (step.kind === "commit") return step;
    if (step.kind === "branch") return { kind: "branch", steps: await Promise.all(step.steps.map(placed)) };
    const { start, end, sql, at, index } = places.get(step)!;
    const statement = statements[index]!;
    if (step.kind === "statement") {
      return asStep({ ...moved(statement, start - at), start, end, text: sql } as Statement);
    }
    const span = { start, end };
    const tree = { [statement.kind]: statement.node } as Node;
    if (step.kind === "expression") return { kind: "expression", tree, span };
    return await constantSql(tree, { ...span, text: sql.slice("SELECT ".length) }) ?? { kind: "computed", span };
  }
}

interface Place extends Span {
  readonly sql: string;
  /** Where it stands in what is parsed, and which of its statements it is. */
  readonly at: number;
  readonly index: number;
}

function textsIn(steps: readonly PlpgsqlStep[]): readonly PlpgsqlText[] {
  return steps.flatMap((step) => step.kind === "branch" ? textsIn(step.steps) : step.kind === "commit" ? [] : [step]);
}

/** An assignment is given to PL/pgSQL with its variable: `n := n + 1`. */
function valueOf(expression: string): string {
  return expression.replace(/^[\w."\[\]$\u0080-\uffff\s]+(?::=|=(?![=<>]))/, "");
}

/** EXECUTE of a constant is no more than another way to write its statements. */
async function constantSql(
  tree: Node,
  { start, text }: Span & { readonly text: string },
): Promise<Step | null> {
  const target = "SelectStmt" in tree ? tree.SelectStmt.targetList?.[0] : undefined;
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  const constant = value !== undefined && "A_Const" in value ? value.A_Const.sval?.sval : undefined;
  const literal = constant === undefined ? null : stringLiteral({ start, text }, { location: start, text: constant });
  const steps = literal === null ? null : await sqlBody(literal);
  return steps === null ? null : steps.length === 1 ? steps[0]! : { kind: "branch", steps };
}

function asStep(statement: Statement): Step {
  return { kind: "statement", statement };
}

function moved(statement: Statement, by: number): Statement {
  convertLocations(statement.node, { index: (at) => at + by });
  return { ...statement, start: statement.start + by, end: statement.end + by };
}
