/** PL/pgSQL's own tree → what it runs, in order, and which of it may also not run. Pure. */

/** What a body runs, as PL/pgSQL hands it to the server. */
export type PlpgsqlStep =
  | PlpgsqlText
  /** A COMMIT that the server takes. ROLLBACK is no step: it keeps nothing of what was done. */
  | { readonly kind: "commit" }
  /** What runs once, several times or never: of IF, CASE, a loop, a block that catches errors. */
  | { readonly kind: "branch"; readonly steps: readonly PlpgsqlStep[] };

export interface PlpgsqlText {
  /** `computed`: an expression whose value is run as SQL. */
  readonly kind: "statement" | "expression" | "computed";
  /** As it stands in the body, but for PERFORM, which is SELECT here, and the INTO of variables, which is blank. */
  readonly query: string;
  /** Line of the body, from 1, in which the statement of PL/pgSQL begins. */
  readonly line: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** `RAW_PARSE_DEFAULT`: a whole statement; all other modes are for expressions. */
const WHOLE_STATEMENT = 0;

/** Lists of statements that are not run straight. */
const BODIES = ["body", "then_body", "stmts", "else_stmts", "else_body", "action"];

/** Variables that a statement sets: what they begin with is run where they are declared. */
const VARIABLES: ReadonlySet<string> = new Set(["var", "target"]);

/** @param json what PL/pgSQL's parser says of one DO block or function */
export function plpgsqlSteps(json: string): readonly PlpgsqlStep[] {
  const { plpgsql_funcs: [parsed] } = JSON.parse(json) as {
    readonly plpgsql_funcs: readonly { readonly PLpgSQL_function: Fields }[];
  };
  const { datums = [], action } = parsed?.PLpgSQL_function ?? {};
  return [...(datums as readonly Fields[]).flatMap((datum) => textsOf(datum, 1)), ...sequence([action])];
}

function sequence(statements: readonly unknown[]): readonly PlpgsqlStep[] {
  const steps: PlpgsqlStep[] = [];
  for (const [index, statement] of statements.entries()) {
    const [kind, fields] = Object.entries(statement as Fields)[0] as [string, Fields];
    steps.push(...stepsOf(kind, fields));
    if (!mayLeave(statement) || index === statements.length - 1) continue;
    return [...steps, { kind: "branch", steps: sequence(statements.slice(index + 1)) }];
  }
  return steps;
}

function stepsOf(kind: string, fields: Fields): readonly PlpgsqlStep[] {
  if (kind === "PLpgSQL_stmt_commit") return [{ kind: "commit" }];
  const line = fields.lineno as number | undefined ?? 1;
  const { exceptions, ...others } = fields;
  const catches = exceptions !== undefined;
  if (kind === "PLpgSQL_stmt_block" && !catches) return sequence(listOf(fields.body));
  const texts = textsOf(others, line, kind.startsWith("PLpgSQL_stmt_dyn"));
  const branches = branchesOf(others);
  // The handlers run when the subtransaction is over.
  const refusesCommit = catches || losesCursor(fields) ||
    kind === "PLpgSQL_stmt_fors" && texts.some(({ query }) => CHANGES_ROWS.test(query));
  return [...texts, ...refusesCommit ? withoutCommits(branches) : branches, ...branchesOf({ exceptions })];
}

/** Of the query of a loop, in which the server then refuses COMMIT. Only SELECT … FOR UPDATE reads no more than rows. */
const CHANGES_ROWS = /\b(?:INSERT|DELETE|MERGE|(?<!\bFOR\s+(?:NO\s+KEY\s+)?)UPDATE)\b/i;

/** COMMIT closes a cursor that OPEN has opened: where a loop goes on with FETCH, that fails. */
function losesCursor({ body }: Fields): boolean {
  return contains(body, "PLpgSQL_stmt_fetch") && !contains(body, "PLpgSQL_stmt_open");
}

function contains(node: unknown, kind: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  return Object.entries(node).some(([key, value]) => key === kind || contains(value, kind));
}

function withoutCommits(steps: readonly PlpgsqlStep[]): readonly PlpgsqlStep[] {
  return steps.flatMap((step): readonly PlpgsqlStep[] => {
    if (step.kind === "commit") return [];
    return [step.kind === "branch" ? { ...step, steps: withoutCommits(step.steps) } : step];
  });
}

/** The lists of statements below a node, each a branch, without what is in them. */
function branchesOf(node: unknown): readonly PlpgsqlStep[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): readonly PlpgsqlStep[] =>
    BODIES.includes(key) ? [{ kind: "branch", steps: sequence(listOf(value)) }] : branchesOf(value)
  );
}

/** The SQL of a statement itself, that of WHEN and ELSIF included. */
function textsOf(node: unknown, line: number, isComputed = false): readonly PlpgsqlText[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): readonly PlpgsqlText[] => {
    if (VARIABLES.has(key) || BODIES.includes(key)) return [];
    const expression = (value as { PLpgSQL_expr?: { query: string; parseMode: number } } | null)?.PLpgSQL_expr;
    if (expression === undefined) {
      return textsOf(value, (value as { lineno?: number } | null)?.lineno ?? line, isComputed && key !== "params");
    }
    const { query, parseMode } = expression;
    // CASE compares with a variable that has no name in the text.
    if (query.startsWith('"__Case__Variable_')) return [];
    const computed = key === "dynquery" || isComputed && key === "query";
    const kind = computed ? "computed" : parseMode === WHOLE_STATEMENT ? "statement" : "expression";
    return [{ kind, query, line }];
  });
}

/** RETURN, and EXIT from a block: what stands behind it may not run. */
function mayLeave(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return Object.entries(node).some(([key, value]) =>
    key === "PLpgSQL_stmt_return" || (key === "PLpgSQL_stmt_exit" && value.label !== undefined) || mayLeave(value)
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
