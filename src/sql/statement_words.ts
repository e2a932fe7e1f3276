/** What the unquoted words of a statement, read one after the other, make of it. */

/** Which way the rows of a COPY go through the client. */
export type CopyDirection = "FROM stdin" | "TO stdout";

/** How many words of a statement are looked at in every case: CREATE OR REPLACE FUNCTION. */
const FIRST_WORDS = 4;

/** Every word that means something here. */
export const WORDS_THAT_MATTER = [
  ..."copy from to stdin stdout create or replace function procedure begin atomic case end as".split(" "),
];

const ROUTINE = /^ create (or replace )?(function|procedure)$/;

/** The words of one statement, and of the next after {@link reset}. */
export class StatementWords {
  #count = 0;
  #first = "";
  #copy: "none" | "target" | "from" | "to" | CopyDirection = "none";
  #routine = false;
  #bodyDepth = 0;
  /** The token before, where it may change the meaning of a word: `begin`, `as` or `.`. */
  #before = "";

  reset(): void {
    this.#count = 0;
    this.#first = "";
    this.#copy = "none";
    this.#routine = false;
    this.#bodyDepth = 0;
    this.#before = "";
  }

  /** Whether the next word can still say something. */
  get wanted(): boolean {
    return this.#count < FIRST_WORDS || this.#routine || this.#copy === "target" || this.#copy === "from" ||
      this.#copy === "to";
  }

  /** Set where the statement is a COPY from or to its client. */
  get copy(): CopyDirection | null {
    return this.#copy === "FROM stdin" || this.#copy === "TO stdout" ? this.#copy : null;
  }

  /** Whether the statement stands inside a BEGIN ATOMIC … END, in which `;` ends no statement. */
  get inBody(): boolean {
    return this.#bodyDepth > 0;
  }

  /**
   * @param word one of {@link WORDS_THAT_MATTER}, in lower case, or "" for any other
   * @param depth how many parentheses are open around it
   */
  word(word: string, depth: number): void {
    const before = this.#before;
    this.#before = word === "begin" || word === "as" ? word : "";
    if (this.#count++ < FIRST_WORDS) {
      this.#first += ` ${word}`;
      if (this.#first === " copy") this.#copy = "target";
      this.#routine ||= ROUTINE.test(this.#first);
    }
    if (depth > 0) return;
    this.#readCopy(word);
    if (this.#routine) this.#readBody(word, before);
  }

  /** A token that is not an unquoted word: a string, a number, a quoted name or the byte of a sign. */
  other(token = ""): void {
    this.#before = token;
    if (this.#count === 0) this.#count = FIRST_WORDS;
    if (this.#copy === "from" || this.#copy === "to") this.#copy = "none";
  }

  /** FROM and TO are reserved words: outside of quotes and parentheses the first one says the direction. */
  #readCopy(word: string): void {
    if (this.#copy === "target") {
      if (word === "from" || word === "to") this.#copy = word;
    } else if (this.#copy === "from" || this.#copy === "to") {
      // PostgreSQL's grammar takes STDIN and STDOUT for each other.
      const isClient = word === "stdin" || word === "stdout";
      this.#copy = isClient ? this.#copy === "from" ? "FROM stdin" : "TO stdout" : "none";
    }
  }

  /** A body has CASE … END inside it and nothing else that ends with END. After AS and a dot these are names. */
  #readBody(word: string, before: string): void {
    if (this.#bodyDepth === 0) {
      if (word === "atomic" && before === "begin") this.#bodyDepth = 1;
    } else if (before !== "as" && before !== ".") {
      if (word === "case") this.#bodyDepth++;
      else if (word === "end") this.#bodyDepth--;
    }
  }
}
