import type { RehearsalReport } from "../../events.ts";
export function reportPage(_r: RehearsalReport): string { return ""; }
