/** Commands and their output as a Markdown text shows them, and whether a real output is the one shown. */

/** A command of a block fenced with `console`, and what the text says it prints. */
export interface ShownCommand {
  /** From 1. */
  readonly line: number;
  readonly command: string;
  readonly output: readonly string[];
}

/**
 * In a block fenced with `console`, a line `$ …` is a command, lines `> …` right after it continue it, and all others
 * are its output.
 */
export function shownCommands(markdown: string): readonly ShownCommand[] {
  const commands: { line: number; command: string; output: string[] }[] = [];
  let inside = false;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const last = commands.at(-1);
    if (line.startsWith("```")) inside = !inside && line.trim() === "```console";
    else if (!inside) continue;
    else if (line.startsWith("$ ")) commands.push({ line: index + 1, command: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`Line ${index + 1} is output before any command`);
    else if (line.startsWith("> ") && last.output.length === 0) last.command += `\n${line.slice(2)}`;
    else last.output.push(line);
  }
  return commands.map((command) => ({ ...command, output: trimmed(command.output) }));
}

/** What differs from one run to the next, as patterns that match any of its kind. */
const VARIABLE: readonly (readonly [pattern: RegExp, stand: string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z|[+-]\d\d(:?\d\d)?)?/g, "<time>"],
  [/\b20\d{12}\b/g, "<time>"],
  [/\b\d+(\.\d+)? ?(ms|s|min)\b/g, "<duration>"],
  [/("duration_ms":)\d+/g, "$1<duration>"],
  [/\b\d+(\.\d+)? (bytes|[kMG]B) of WAL\b/g, "<size> of WAL"],
  [/\b[0-9a-f]{64}\b/g, "<digest>"],
  [/\bpid \d+/g, "pid <pid>"],
  // Columns are as wide as what stands in them.
  [/\s+/g, " "],
];

/** Whether an output is the one shown, where a line `...` stands for any number of lines. */
export function isShown(output: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return output.length === 0;
  if (/^\s*(\.\.\.|…)\s*$/.test(first)) {
    for (let skipped = 0; skipped <= output.length; skipped++) {
      if (isShown(output.slice(skipped), rest)) return true;
    }
    return false;
  }
  return output.length > 0 && normalised(first) === normalised(output[0]!) && isShown(output.slice(1), rest);
}

function normalised(line: string): string {
  return VARIABLE.reduce((text, [pattern, stand]) => text.replace(pattern, stand), line).trim();
}

/** Without the empty lines around it. */
export function trimmed(lines: readonly string[]): readonly string[] {
  const isFull = (line: string) => line.trim() !== "";
  const first = lines.findIndex(isFull);
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex(isFull) + 1);
}
