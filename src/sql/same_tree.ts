/** Whether two parse trees say the same. */

import { isLocation } from "./byte_offsets.ts";

/**
 * Compares trees without their locations, so that comments, white space, the case of keywords and other ways to write
 * the same (`int`, `integer`) do not count, and literals do. Without recursion: a tree may be nested more deeply than
 * the stack is.
 */
export function sameTree(one: unknown, other: unknown): boolean {
  const open: [unknown, unknown][] = [[one, other]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (!isObject(left) || !isObject(right)) return false;
    const [leftKeys, rightKeys] = [meaningfulKeys(left), meaningfulKeys(right)];
    if (leftKeys.length !== rightKeys.length) return false;
    for (const key of leftKeys) {
      if (!Object.hasOwn(right, key)) return false;
      open.push([left[key], right[key]]);
    }
  }
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function meaningfulKeys(node: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(node).filter((key) => !isLocation(key, node[key]));
}
