/** One import as a file writes it. */
export interface Import {
  /** The file that imports, from the root of the sources: `step/breakdown.ts`. */
  readonly file: string;
  /** What it asks for, as written; undefined where a dynamic import computes it. */
  readonly specifier: string | undefined;
}

const opensRegex = /(?:^|[([{,;:=!&|?+*%~^<>-]|\breturn|\btypeof|\bcase)\s*$/;
const asksForModule = /(?:^|[^.\w$])(?:from|import|(?:import|require)\s*\()\s*$/;
const dynamicImport = /(?:^|[^.\w$])import\s*\(\s*([^'"`\s])/g;

/**
 * Everything that a TypeScript file imports: static and dynamic imports, re-exports, and types, also those written
 * `import('…').Name`. Comments and strings that only look like imports are left out.
 */
export function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  /** The program so far without its comments, and with strings as empty quotes. */
  let code = '';
  /** Depth of braces at which each template goes on after an expression inside it. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const string = (end: string) => {
    let value = '';
    while (at < text.length && text[at] !== end) {
      if (end === '`' && text.startsWith('${', at)) {
        at += 2;
        templates.push(depth);
        break;
      }
      value += text[at] === '\\' ? text[++at] : text[at];
      at++;
    }
    if (text[at] === end) at++;
    return value;
  };
  const literal = (end: string) => {
    const asked = asksForModule.test(code);
    const value = string(end);
    if (asked) found.push({ file, specifier: value });
    code += "''";
  };
  while (at < text.length) {
    const character = text[at];
    if (text.startsWith('//', at)) {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (character === "'" || character === '"' || character === '`') {
      at++;
      literal(character);
    } else if (character === '/' && opensRegex.test(code)) {
      at++;
      for (let inClass = false; at < text.length && (inClass || text[at] !== '/'); at++) {
        if (text[at] === '\\') at++;
        else if (text[at] === '[') inClass = true;
        else if (text[at] === ']') inClass = false;
      }
      at++;
      code += "''";
    } else {
      at++;
      if (character === '{') depth++;
      if (character === '}' && templates.at(-1) === depth) {
        templates.pop();
        string('`');
      } else {
        if (character === '}') depth--;
        code += character;
      }
    }
  }
  for (const [, first] of code.matchAll(dynamicImport)) {
    if (first !== undefined) found.push({ file, specifier: undefined });
  }
  return found;
}
