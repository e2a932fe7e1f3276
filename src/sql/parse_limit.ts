/** How much SQL is parsed: those who only compare with it need no parser. */

/** Texts longer than this are not tried. Measured: 10 MB of INSERT statements take 4 s and 600 MB, 20 MB are too much. */
export const MAX_PARSED_BYTES = 16 * 1024 * 1024;
