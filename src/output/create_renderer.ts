/** The renderer of a format, which alone is loaded. */

import { humanRenderer } from "./human.ts";
import type { Format, Renderer, RenderOptions } from "./renderer.ts";

/** @param command.proves whether it is one that finds things in SQL, which people are shown in many ways */
export async function createRenderer(
  format: Format,
  options: RenderOptions,
  { proves }: { readonly proves: boolean },
): Promise<Renderer> {
  switch (format) {
    case "human":
      return humanRenderer(options, proves ? new (await import("./proof_text.ts")).ProofText(options) : null);
    case "json":
      return (await import("./json.ts")).jsonRenderer(options);
    case "github":
      return (await import("./github.ts")).githubRenderer(options);
    case "sarif":
      return (await import("./sarif.ts")).sarifRenderer(options);
  }
}
