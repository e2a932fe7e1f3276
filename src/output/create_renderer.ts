/** The renderer of a format, which alone is loaded. */

import type { Format, Renderer, RenderOptions } from "./renderer.ts";

/** @param command.proves whether it is one that finds things in SQL, which people are shown in many ways */
export async function createRenderer(
  format: Format,
  options: RenderOptions,
  { proves }: { readonly proves: boolean },
): Promise<Renderer> {
  switch (format) {
    case "human": {
      const [{ humanRenderer }, proofs] = await Promise.all([
        import("./human.ts"),
        proves ? import("./proof_text.ts") : null,
      ]);
      return humanRenderer(options, proofs && new proofs.ProofText(options));
    }
    case "json":
      return (await import("./json.ts")).jsonRenderer(options);
    case "github":
      return (await import("./github.ts")).githubRenderer(options);
    case "sarif":
      return (await import("./sarif.ts")).sarifRenderer(options);
  }
}
