/** A source seen three ways; all three have the same length and the same lines. */
export type Masked = {
  /** Without comments, without the contents of strings and patterns. */
  code: string;
  /** Without comments only. */
  uncommented: string;
};

type Language = 'typescript' | 'solidity';

/** The pieces of a source that are not plain code, tried in this order at each position. */
const comment = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const quoted = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y;
const pattern = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** A slash after one of these starts a pattern; after anything else it divides. */
const beforePattern = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|throw))\s*$/;

/** Blanks comments and the contents of strings, keeping every line break in its place. */
export function mask(text: string, language: Language): Masked {
  let code = '';
  let uncommented = '';
  let at = 0;
  // Depth of braces inside each open `${` of a template; empty outside of templates.
  const holes: number[] = [];
  const take = (length: number, keepCode: boolean, keepText: boolean): void => {
    const piece = text.slice(at, at + length);
    code += keepCode ? piece : blank(piece);
    uncommented += keepText ? piece : blank(piece);
    at += length;
  };
  while (at < text.length) {
    const comments = matchAt(comment, text, at);
    const strings = matchAt(quoted, text, at);
    const char = text[at];
    if (comments > 0) take(comments, false, false);
    else if (strings > 0) take(strings, false, true);
    else if (language === 'typescript' && char === '`')
      take(templateText(text, at, holes), false, true);
    else if (language === 'typescript' && char === '}' && holes.at(-1) === 0) {
      holes.pop();
      take(templateText(text, at, holes), false, true);
    } else if (language === 'typescript' && char === '/' && beforePattern.test(code.slice(-40))) {
      take(Math.max(1, matchAt(pattern, text, at)), false, true);
    } else {
      const depth = char === '{' ? 1 : char === '}' ? -1 : 0;
      if (holes.length > 0) holes[holes.length - 1]! += depth;
      take(1, true, true);
    }
  }
  return { code, uncommented };
}

/** Length of template text from `at` to its end or to the next hole, which is then opened. */
function templateText(text: string, at: number, holes: number[]): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === '`') return end + 1 - at;
    else if (text[end] === '$' && text[end + 1] === '{') {
      holes.push(0);
      return end + 2 - at;
    }
  }
  return text.length - at;
}

function matchAt(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0].length ?? 0;
}

function blank(piece: string): string {
  return piece.replace(/[^\n]/g, ' ');
}
