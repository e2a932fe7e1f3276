/** Functions and procedures. */

import type {
  AlterFunctionStmt,
  CreateFunctionStmt,
  DefineStmt,
  FunctionParameter,
  Node,
  ObjectWithArgs,
} from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { isAtomic, isOn, option, optionText } from "../sql/option_values.ts";
import type { Volatility } from "./builtin_functions.ts";
import { type Catalog, type MadeFunction, qualified, type QualifiedName } from "./catalog.ts";
import { dropCallers } from "./drop_relation.ts";
import { newListedName } from "./resolve.ts";
import { resolveType } from "./resolve_type.ts";

export function replayCreateFunction(catalog: Catalog, node: CreateFunctionStmt, by: bigint | null): void {
  const name = newListedName(catalog, node.funcname);
  if (name === null) return;
  putFunction(catalog, {
    ...name,
    volatility: volatilityOf(node.options) ?? "volatile",
    kind: node.is_procedure ? "procedure" : isOn(node.options, "window", false) ? "window" : "function",
    arguments: argumentTypes(catalog, parametersOf(node.parameters), node.is_procedure === true),
    madeBy: by,
    definition: node,
    ...isAtomic(node.options) ? { isAtomic: true } : {},
  });
}

/** CREATE AGGREGATE. What an aggregate makes of rows can stand in no default; the server calls it immutable. */
export function replayCreateAggregate(catalog: Catalog, { defnames, args }: DefineStmt, by: bigint | null): void {
  const name = newListedName(catalog, defnames);
  const [list] = args ?? [];
  if (name === null || list === undefined) return;
  const parameters = "List" in list ? parametersOf(list.List.items) : [];
  const types = argumentTypes(catalog, parameters, false);
  putFunction(catalog, { ...name, volatility: "immutable", kind: "aggregate", arguments: types, madeBy: by });
}

export function replayAlterFunction(catalog: Catalog, { func, actions }: AlterFunctionStmt): void {
  const volatility = volatilityOf(actions);
  const atomic = isAtomic(actions);
  if (func === undefined || volatility === null && !atomic) return;
  changeFunctions(catalog, func, (made) => ({
    ...made,
    ...volatility === null ? {} : { volatility },
    ...atomic ? { isAtomic: true } : {},
  }));
}

/** Takes a function away, and what calls it as far as it was the only one of its name. */
export function dropFunction(catalog: Catalog, object: ObjectWithArgs): void {
  const dropped: QualifiedName[] = [];
  changeFunctions(catalog, object, (made) => {
    dropped.push(made);
    return null;
  });
  for (const name of dropped) if (!catalog.functions.has(qualified(name))) dropCallers(catalog, name);
}

/** Changes the functions that a name with or without arguments means; null takes one away. */
export function changeFunctions(
  catalog: Catalog,
  object: ObjectWithArgs,
  changed: (made: MadeFunction) => MadeFunction | null,
): void {
  const parts = listedParts(object.objname);
  const name = parts.at(-1) ?? "";
  const given = object.args_unspecified ? null : objectArguments(catalog, object);
  for (const schema of parts.length > 1 ? [parts.at(-2)!] : catalog.searchPath) {
    const key = qualified({ schema, name });
    const made = catalog.functions.get(key) ?? [];
    const meant = made.filter((one) => given === null || one.arguments === null || sameTypes(one.arguments, given));
    if (meant.length === 0) continue;
    const left = made.filter((one) => !meant.includes(one));
    if (left.length > 0) catalog.functions.set(key, left);
    else catalog.functions.delete(key);
    for (const one of meant) {
      const now = changed(one);
      if (now !== null) putFunction(catalog, now);
    }
    return;
  }
}

/** Puts a function in place of one of the same name and arguments. */
export function putFunction(catalog: Catalog, made: MadeFunction): void {
  const key = qualified(made satisfies QualifiedName);
  const others = (catalog.functions.get(key) ?? []).filter((one) => !sameTypes(one.arguments, made.arguments));
  catalog.functions.set(key, [...others, made]);
}

function sameTypes(one: readonly string[] | null, other: readonly string[] | null): boolean {
  if (one === null || other === null) return one === other;
  return one.length === other.length && one.every((type, at) => type === other[at]);
}

function volatilityOf(options: readonly Node[] | undefined): Volatility | null {
  const given = option(options, "volatility");
  const text = given === null ? null : optionText(given);
  return text === "immutable" || text === "stable" || text === "volatile" ? text : null;
}

function parametersOf(nodes: readonly Node[] | undefined): readonly FunctionParameter[] {
  return (nodes ?? []).flatMap((node) => "FunctionParameter" in node ? [node.FunctionParameter] : []);
}

function objectArguments(catalog: Catalog, { objargs, objfuncargs }: ObjectWithArgs): readonly string[] | null {
  if (objfuncargs !== undefined) return argumentTypes(catalog, parametersOf(objfuncargs), false);
  return argumentTypes(
    catalog,
    (objargs ?? []).map((node) => "TypeName" in node ? { argType: node.TypeName } : {}),
    false,
  );
}

/** The types by which the server tells functions of one name apart: what goes in, of a procedure what comes out too. */
function argumentTypes(
  catalog: Catalog,
  parameters: readonly FunctionParameter[],
  isProcedure: boolean,
): readonly string[] | null {
  const types: string[] = [];
  for (const { mode, argType } of parameters) {
    if (mode === "FUNC_PARAM_TABLE" || mode === "FUNC_PARAM_OUT" && !isProcedure) continue;
    const type = argType === undefined ? null : resolveType(catalog, argType);
    if (type === null) return null;
    types.push(qualified(type) + (type.dimensions > 0 ? "[]" : ""));
  }
  return types;
}
