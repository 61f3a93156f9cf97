import { isGenerated, isSolidity, patternRule, type Rule, type Source } from './source.ts';

export const functionLinesMax = 60;
export const fileLinesMax = 400;

const isContract = (path: string): boolean =>
  isSolidity(path) && path.startsWith('contracts/src/') && !path.startsWith('contracts/src/mocks/');
const isOutsideLibraries = (path: string): boolean =>
  isContract(path) && !isGenerated(path) && !path.startsWith('contracts/src/libraries/');

/** Where a clearing house hands operations to the modules that were fixed at its deployment. */
const delegation = 'contracts/src/libraries/Delegation.sol';
const isBanned = (path: string): boolean => isContract(path) && path !== delegation;

/** Powers that no contract of the venue may use. */
export const solidityBansRule = patternRule('solidity-bans', 'code', isBanned, [
  [/\btx\s*\.\s*origin\b/, 'tx.origin is never an authority'],
  [/\bdelegatecall\b/, 'delegatecall runs foreign code on our state'],
  [/\bcallcode\b|\bselfdestruct\b/, 'callcode and selfdestruct are forbidden'],
]);

/** Unchecked arithmetic and assembly live in the libraries, where they are proved. */
export const solidityLibrariesRule = patternRule('solidity-libraries', 'code', isOutsideLibraries, [
  [/\bunchecked\b/, 'unchecked outside contracts/src/libraries'],
  [/\bassembly\b/, 'assembly outside contracts/src/libraries'],
]);

/** State is declared in one place, because modules share it slot by slot. */
const isSharingState = (path: string): boolean =>
  /^contracts\/src\/(?:modules\/\w+|ClearingHouse|Settlement|Ledger|Pricing|Roster)\.sol$/.test(
    path,
  );
export const solidityStorageRule = patternRule('solidity-storage', 'code', isSharingState, [
  // Four spaces: a member of a contract. Constants and immutables are code, not state.
  [
    /^ {4}(?:mapping|u?int|address|bytes|bool|string)(?!.*\b(?:constant|immutable)\b)[^;]*;/,
    'state outside contracts/src/Storage.sol',
  ],
]);

/**
 * Tests are compiled another way than what is deployed, and so must not compile a contract into
 * themselves: `deploy` of test/Base.sol takes it as it was built.
 */
export const solidityBuiltRule: Rule = {
  name: 'solidity-built',
  *check(sources) {
    const declared = sources
      .filter(({ path }) => isContract(path) && !isGenerated(path))
      .flatMap(({ code }) => [...code.matchAll(/\bcontract\s+(\w+)/g)].map((match) => match[1]!));
    if (declared.length === 0) return;
    const ours = `(?:${declared.join('|')})`;
    for (const file of sources.filter(({ path }) => path.startsWith('contracts/test/'))) {
      const renamed = [...file.code.matchAll(new RegExp(`\\b${ours}\\s+as\\s+(\\w+)`, 'g'))];
      const names = `\\b(?:${[ours, ...renamed.map((match) => match[1]!)].join('|')})\\b`;
      const compiled = [
        `\\bnew\\s+${names}\\s*[({]`,
        `\\btype\\s*\\(\\s*${names}\\s*\\)\\s*\\.\\s*\\w+Code`,
      ];
      const inherited = `\\bcontract\\s+\\w+\\s+is\\b[^{]*${names}`;
      for (const match of file.code.matchAll(new RegExp([...compiled, inherited].join('|'), 'g'))) {
        const message = 'a contract of src is compiled into a test: use deploy or built';
        yield { path: file.path, line: lineAt(file.code, match.index), message };
      }
    }
  },
};

/** Files and functions of Solidity stay small; biome holds TypeScript to the same numbers. */
export const solidityLengthRule: Rule = {
  name: 'solidity-length',
  *check(sources) {
    for (const file of sources.filter(({ path }) => isSolidity(path) && !isGenerated(path))) {
      const count = lineCount(file);
      if (count > fileLinesMax) {
        yield { path: file.path, line: 0, message: `${count} lines, ${fileLinesMax} at most` };
      }
      for (const { name, line, lines } of functionsOf(file)) {
        if (lines <= functionLinesMax) continue;
        const message = `${name} has ${lines} lines, ${functionLinesMax} at most`;
        yield { path: file.path, line, message };
      }
    }
  },
};

function lineCount(file: Source): number {
  return file.text.endsWith('\n') ? file.lines.length - 1 : file.lines.length;
}

/** Functions with a body: name, first line, and lines from the first to the closing brace. */
export function functionsOf(file: Source): { name: string; line: number; lines: number }[] {
  const head = /\b(?:function\s+(\w+)|(constructor|modifier\s+\w+|receive|fallback))\b[^;{}]*\{/g;
  return [...file.code.matchAll(head)].map((match) => {
    const open = match.index + match[0].length - 1;
    const close = closingBrace(file.code, open);
    const line = lineAt(file.code, match.index);
    const name = match[1] ?? match[2]!;
    return { name, line, lines: lineAt(file.code, close) - line + 1 };
  });
}

function closingBrace(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    else if (code[at] === '}' && --depth === 0) return at;
  }
  return code.length - 1;
}

function lineAt(code: string, at: number): number {
  return code.slice(0, at).split('\n').length;
}
