import { githubRenderer } from "./github.ts";
import { humanRenderer } from "./human.ts";
import { jsonRenderer } from "./json.ts";
import { sarifRenderer } from "./sarif.ts";
import type { Format, Renderer, RenderOptions } from "./renderer.ts";

export function createRenderer(format: Format, options: RenderOptions): Renderer {
  switch (format) {
    case "human":
      return humanRenderer(options);
    case "json":
      return jsonRenderer(options);
    case "github":
      return githubRenderer(options);
    case "sarif":
      return sarifRenderer(options);
  }
}
