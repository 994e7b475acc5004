import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import { fail } from '../errors.ts';
import { shownText } from './words.ts';

/** Where a syntax fault stands, both counted from 1, and what it is. */
interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * The value of a JSON text.
 * @param noun what the text should be, as a sentence says it: `a job`
 * @throws {ForetrainError} with the line and column of the first syntax fault as its path
 */
export function parseJson(text: string, noun: string): unknown {
  const plain = text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text;
  try {
    return JSON.parse(plain);
  } catch {
    const { line, column, message } = explain(plain, noun);
    return fail(`line ${line}, column ${column}`, message, 'syntax');
  }
}

const byteOrderMark = 0xfeff;

/** Text further on says nothing more about whether the whole is text. */
const looksAt = 2_000;

/** What no JSON text may contain: control characters, and the mark of bytes that are not UTF-8. */
const noise = /(?![\t\n\r])\p{Cc}|\ufffd/u;

function explain(text: string, noun: string): SyntaxFault {
  const start = text.search(/\S/);
  if (start < 0) return { line: 1, column: 1, message: `there is nothing here; ${noun} is a JSON object in braces` };
  const head = text.slice(start, start + looksAt);
  const noiseAt = head.search(noise);
  if (noiseAt >= 0) {
    const message = `this is not text but bytes; ${noun} is a JSON object in UTF-8`;
    return { ...placeOf(text, start + noiseAt), message };
  }
  if (!/^(?:[{["\d-]|(?:true|false|null)\b)/.test(head)) {
    const word = /^[\p{L}\p{N}]+/u.exec(head)?.[0] ?? head.slice(0, 1);
    const message = `JSON does not start with "${shownText(word)}"; ${noun} is a JSON object in braces`;
    return { ...placeOf(text, start), message };
  }
  return firstFault(text, noun);
}

/** Stops a visit; it carries no stack, which would be lost time. */
class Stop {
  readonly fault: SyntaxFault;
  constructor(fault: SyntaxFault) {
    this.fault = fault;
  }
}

function firstFault(text: string, noun: string): SyntaxFault {
  // jsonc-parser goes over the whole text; after its first fault it has nothing more to say.
  const onError = (code: ParseErrorCode, offset: number, length: number, line: number, column: number): never => {
    const end = text.trimEnd().length;
    const ends = offset >= end || (offset + length >= end && isUnfinished(code, text.slice(offset, offset + length)));
    const message = ends
      ? `the text ends before ${noun} is complete; a bracket, brace or quotation mark is still open`
      : syntaxMessage(printParseErrorCode(code), text.slice(offset, offset + Math.min(length, looksAt)));
    throw new Stop(
      ends ? { ...placeOf(text, text.trimEnd().length), message } : { line: line + 1, column: column + 1, message },
    );
  };
  try {
    visit(text, { onError }, { disallowComments: true, allowTrailingComma: false });
  } catch (stop) {
    if (stop instanceof Stop) return stop.fault;
    // Nested so deeply that the visit ran out of stack.
    return { line: 1, column: 1, message: `is not JSON, and nested too deeply to say where; ${noun} is never so deep` };
  }
  return { line: 1, column: 1, message: `is not JSON; ${noun} is a JSON object in braces` };
}

/** True for the start of a value that more text could finish. */
function isUnfinished(code: ParseErrorCode, found: string): boolean {
  if (printParseErrorCode(code) !== 'InvalidSymbol') return printParseErrorCode(code).startsWith('UnexpectedEnd');
  return ['true', 'false', 'null', '-'].some((word) => word.startsWith(found));
}

/** What would do at the place of a fault; `found` is what stands there. */
function syntaxMessage(code: string, found: string): string {
  const there = found === '' ? '' : `, not "${shownText(found.replace(/^"|"$/g, ''))}"`;
  switch (code) {
    case 'InvalidSymbol':
      return `"${shownText(found)}" is no JSON value; text and names of fields stand in double quotes, numbers are digits`;
    case 'InvalidNumberFormat':
    case 'UnexpectedEndOfNumber':
      return 'this number is not complete; JSON has numbers such as 2048, 0.5 and 300e9';
    case 'PropertyNameExpected':
      return `here must be the name of a field in double quotes${there}; after the last field there is no comma`;
    case 'ValueExpected':
      return `here must be a value${there}; after the last value there is no comma`;
    case 'ColonExpected':
      return `between the name of a field and its value must be a colon${there}`;
    case 'CommaExpected':
      return `between two fields or values must be a comma${there}`;
    case 'CloseBraceExpected':
      return `here must be a comma or a closing brace${there}`;
    case 'CloseBracketExpected':
      return `here must be a comma or a closing bracket${there}`;
    case 'EndOfFileExpected':
      return `the text should end before this${there}; one JSON object is all there may be`;
    case 'UnexpectedEndOfString':
      return 'this text has no closing quotation mark on its line; write \\n for a line break inside text';
    case 'InvalidCommentToken':
      return 'JSON has no comments; leave it out';
    case 'InvalidEscapeCharacter':
    case 'InvalidUnicode':
      return 'this text has a backslash that JSON does not know; write \\\\ for a backslash';
    case 'InvalidCharacter':
      return 'this text has a line break or another control character; write \\n for a line break';
    default:
      return `here is something that JSON does not have${there}`;
  }
}

/** Line and column of an offset, both counted from 1. */
function placeOf(text: string, offset: number): Pick<SyntaxFault, 'line' | 'column'> {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', end + 1)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
