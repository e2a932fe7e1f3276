/** ANSI colours, where they are wanted. */

export interface Style {
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** Select Graphic Rendition codes (ECMA-48): switch on, switch off. */
const CODES = { red: [31, 39], green: [32, 39], yellow: [33, 39], bold: [1, 22], dim: [2, 22] } as const;

export function style(colored: boolean): Style {
  const paint = ([on, off]: readonly [number, number]) => (text: string) =>
    colored && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
  };
}
