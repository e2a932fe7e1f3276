/** The parser counts bytes of UTF-8, JavaScript counts UTF-16 units: from one to the other. */

export interface ByteOffsets {
  /** The UTF-16 index of a byte. */
  index(byte: number): number;
}

/** Bytes between two offsets that are remembered. */
const STRIDE = 256;

const SAME: ByteOffsets = { index: (byte) => byte };

/** Reads a text's bytes once, so that every later question looks at no more than {@link STRIDE} of them. */
export function byteOffsets(bytes: Uint8Array): ByteOffsets {
  if (bytes.every((byte) => byte < 0x80)) return SAME;
  const known = new Uint32Array(Math.ceil(bytes.length / STRIDE) + 1);
  for (let stride = 1; stride < known.length; stride++) {
    known[stride] = known[stride - 1]! + utf16Length(bytes, (stride - 1) * STRIDE, stride * STRIDE);
  }
  return {
    index(byte) {
      const stride = Math.floor(byte / STRIDE);
      return known[stride]! + utf16Length(bytes, stride * STRIDE, byte);
    },
  };
}

/** How many UTF-16 units start between two bytes: two for a character of four bytes, none for a continuation byte. */
function utf16Length(bytes: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let index = from; index < to && index < bytes.length; index++) {
    const byte = bytes[index]!;
    if ((byte & 0xc0) !== 0x80) length += byte >= 0xf0 ? 2 : 1;
  }
  return length;
}

/** The names of the fields that hold a location: `location`, `name_location`, `list_start`, `rexpr_list_end`, … */
const LOCATION = /(^|_)location$|list_(start|end)$/;

/** Whether a field of a tree holds a location. The `location` of CREATE TABLESPACE, a directory, is none. */
export function isLocation(key: string, value: unknown): value is number {
  return typeof value === "number" && LOCATION.test(key);
}

/**
 * Turns every location in a tree from bytes to UTF-16 indices, in place. Without recursion: a tree may be nested more
 * deeply than the stack is.
 */
export function convertLocations(tree: unknown, offsets: ByteOffsets): void {
  if (offsets === SAME) return;
  const open: object[] = [tree as object];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const fields = node as Record<string, unknown>;
    for (const [key, value] of Object.entries(fields)) {
      // -1 means unknown.
      if (isLocation(key, value)) fields[key] = value < 0 ? value : offsets.index(value);
      else if (typeof value === "object" && value !== null) open.push(value);
    }
  }
}
