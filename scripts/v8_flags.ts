/**
 * How V8 runs pgmigrate. Optimizing the parser's WebAssembly takes a gigabyte of memory and a core for seconds; measured,
 * the code as it is first compiled is no slower for a run, with the embedded server neither. And V8 would let 32 MB of
 * what nobody needs any more come together before it looks: with 4 MB, checking 10,000 files takes 125 MB instead of 182,
 * and no longer.
 */
export const V8_FLAGS = "--v8-flags=--liftoff-only,--max-semi-space-size=4";
