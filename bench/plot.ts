/** Plots of what was measured, by Vega-Lite. */

import { packagePath, PACKAGES } from "./installed.ts";

export interface Plot {
  readonly title: string;
  /** What the horizontal axis is. */
  readonly x: string;
  readonly series: readonly { readonly x: number; readonly seconds: number; readonly tool: string }[];
}

/**
 * Writes an SVG with both axes logarithmic, so that "twice as long" is as far anywhere.
 * @throws {Error} when it cannot be drawn
 */
export async function plot(path: string, { title, x, series }: Plot): Promise<void> {
  const ticks = [...new Set(series.map((point) => point.x))];
  const specification = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title,
    width: 560,
    height: 340,
    background: "white",
    data: { values: series },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "x", type: "quantitative", title: x, scale: { type: "log" }, axis: { values: ticks, format: "d" } },
      y: { field: "seconds", type: "quantitative", title: "seconds", scale: { type: "log" } },
      color: { field: "tool", type: "nominal", title: null },
    },
  };
  const draw = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", packagePath("vega-lite/bin/vl2svg")],
    // Its own packages are found from there.
    cwd: PACKAGES,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = draw.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(specification)));
  await writer.close();
  const { success, stdout, stderr } = await draw.output();
  if (!success) throw new Error(`Cannot draw ${path}: ${new TextDecoder().decode(stderr)}`);
  await Deno.writeFile(path, stdout);
}
