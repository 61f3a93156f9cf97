import { importRule, manifestRule } from './imports.ts';
import {
  solidityBansRule,
  solidityBuiltRule,
  solidityLengthRule,
  solidityLibrariesRule,
  solidityStorageRule,
} from './solidity.ts';
import {
  isCode,
  isGenerated,
  isPureSource,
  isSolidity,
  isTest,
  patternRule,
  type Rule,
} from './source.ts';

export const widthMax = 100;

/** Nothing in a pure module depends on when, where or how often it runs, nor on rounding. */
const pureRule = patternRule('pure', 'code', isPureSource, [
  [/\bMath\s*\.\s*random\b|\bcrypto\s*\./, 'randomness in a pure module'],
  [/\bnew\s+Date\b|\bDate\s*[.(]|\bperformance\s*\./, 'a clock in a pure module'],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'a timer in a pure module'],
  [/\bprocess\s*[.[]|\bglobalThis\b/, 'the process in a pure module'],
  [/\bconsole\s*\./, 'output in a pure module'],
  [/\bfetch\s*\(/, 'the network in a pure module'],
  [/\bparseFloat\b|\btoFixed\b|\btoPrecision\b/, 'a float in a pure module'],
  [/\bFloat(?:32|64)Array\b|\b[gs]etFloat(?:32|64)\b/, 'a float in a pure module'],
  [/(?<![\w.$])\d[\d_]*\.\d|(?<![\w$])\.\d/, 'a literal that is not whole in a pure module'],
  [/(?<![\w.$])\d[\d_]*e-\d/i, 'a literal that is not whole in a pure module'],
  [/\bMath\s*\.\s*(?:sqrt|cbrt|exp|expm1|log\w*|sin|cos|tan|pow)\b/, 'a float in a pure module'],
]);

const isOurText = (path: string): boolean => !isGenerated(path) && path !== 'LICENSE';

const unfinishedRule = patternRule('unfinished', 'text', isOurText, [
  [new RegExp(`\\b(?:${['TO', 'DO|FIX', 'ME|XX', 'X|HA', 'CK'].join('')})\\b`), 'unfinished work'],
]);

/** The limits that biome and the compiler hold are not switched off line by line. */
const suppressionRule = patternRule(
  'suppression',
  'text',
  (path) => isCode(path) && isOurText(path) && path !== 'tools/tidy/rules.ts',
  [
    [/biome-ignore.*(?:noExcessiveLines|noExplicitAny)/, 'a limit is switched off'],
    [/@ts-(?:ignore|nocheck)\b/, 'the compiler is switched off'],
    [/eslint-disable|prettier-ignore|biome-ignore format/, 'the formatter is switched off'],
  ],
);

const onlyRule = patternRule('only', 'code', (path) => isTest(path) && isCode(path), [
  [/\b(?:it|test|describe|suite)\s*\.\s*only\b|\bonly\s*:\s*true/, 'other tests are switched off'],
]);

/** No key is committed. A value with ones at the top is a constant of a curve, not a key. */
const secretRule = patternRule('secrets', 'text', (path) => isOurText(path) && !isTest(path), [
  [
    /(?<![0-9a-zA-Z])(?:0x)?(?![7f]f{7})(?!0{8})[0-9a-f]{64}(?![0-9a-zA-Z])/i,
    '32 secret-like bytes',
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
]);

const machineRule = patternRule('machine', 'text', (path) => path !== 'LICENSE' && !isTest(path), [
  [/(?<![\w.*])\/(?:work|tmp|root|home|Users)\//, 'a path of one machine'],
  [/\bregistry\.(?:npmjs|yarnpkg)\b|\bnpm\.pkg\.github\b|"resolved": "https?:/, 'a registry host'],
]);

const isWidthChecked = (path: string): boolean =>
  !isGenerated(path) &&
  (isCode(path) || isSolidity(path) || /\.(?:sh|toml|ya?ml)$|^\.ci\//.test(path));

const widthRule: Rule = {
  name: 'width',
  *check(sources) {
    for (const file of sources.filter(({ path }) => isWidthChecked(path))) {
      for (const [at, line] of file.lines.entries()) {
        // A test vector is one word, which nothing can break.
        if (line.length <= widthMax || (isTest(file.path) && /^\s*\S+$/.test(line))) continue;
        const message = `${line.length} wide, ${widthMax} at most`;
        yield { path: file.path, line: at + 1, message };
      }
    }
  },
};

/** Every rule of style, in the order in which they are reported. More may be appended. */
export const rules: Rule[] = [
  importRule,
  manifestRule,
  pureRule,
  unfinishedRule,
  suppressionRule,
  onlyRule,
  secretRule,
  machineRule,
  widthRule,
  solidityBansRule,
  solidityStorageRule,
  solidityLibrariesRule,
  solidityBuiltRule,
  solidityLengthRule,
];
