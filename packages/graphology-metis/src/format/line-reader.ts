const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const PERCENT = 37;
const ZERO = 48;
const NINE = 57;

/** Walks through the lines of a text and the numbers in each, skipping lines that start with `%`. */
export class LineReader {
  /** Number of the line read last, from 1. */
  line = 0;
  readonly #text: string;
  /** Where the next line starts. */
  #next = 0;
  #at = 0;
  #end = 0;
  #tokenStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Goes to the next line.
   *
   * @param skipBlank whether lines without text are passed over
   * @returns false at the end of the text
   */
  nextLine(skipBlank: boolean): boolean {
    const text = this.#text;
    while (this.#next < text.length) {
      const start = this.#next;
      const newline = text.indexOf('\n', start);
      this.#end = newline < 0 ? text.length : newline;
      this.#next = this.#end + 1;
      this.#at = start;
      this.line++;
      if (text.charCodeAt(start) === PERCENT) continue;
      if (skipBlank && !this.hasMore()) continue;
      return true;
    }
    return false;
  }

  /** Whether there is another token in this line. */
  hasMore(): boolean {
    const text = this.#text;
    while (this.#at < this.#end) {
      const code = text.charCodeAt(this.#at);
      if (code !== SPACE && code !== TAB && code !== RETURN && code !== NEWLINE) return true;
      this.#at++;
    }
    return false;
  }

  /** The next token as a number, NaN when it is none; only after `hasMore`. */
  number(): number {
    const text = this.#text;
    this.#tokenStart = this.#at;
    let value = 0;
    let plain = true;
    while (this.#at < this.#end) {
      const code = text.charCodeAt(this.#at);
      if (code === SPACE || code === TAB || code === RETURN) break;
      if (code >= ZERO && code <= NINE) value = value * 10 + (code - ZERO);
      else plain = false;
      this.#at++;
    }
    return plain ? value : Number(this.token());
  }

  /** The text of the token read last. */
  token(): string {
    return this.#text.slice(this.#tokenStart, this.#at);
  }

  /** All tokens left in this line. */
  rest(): string[] {
    const tokens = this.#text.slice(this.#at, this.#end).trim().split(/\s+/);
    this.#at = this.#end;
    return tokens;
  }
}
