import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { modules } from '../modules.ts';
import { root } from '../sources.mjs';
import { mask } from '../tidy/mask.ts';
import { rules, widthMax } from '../tidy/rules.ts';
import { functionsOf } from '../tidy/solidity.ts';
import { source } from '../tidy/source.ts';
import { tidy } from '../tidy.ts';

type Texts = Record<string, string>;

const manifest = (dependencies: Record<string, string>): string => JSON.stringify({ dependencies });
const tripped = (files: Texts): string[] => [
  ...new Set(
    tidy(Object.entries(files).map(([path, text]) => source(path, text))).map(({ rule }) => rule),
  ),
];
const key = '3b'.repeat(32);
const risk = 'packages/risk/src/a.ts';
const sdk = 'packages/sdk/src/a.ts';
const vault = 'contracts/src/Vault.sol';
const part = 'contracts/src/modules/Part.sol';
const renamed = 'import {Vault, Vault as V} from "../src/Vault.sol";\n';
const long = (lines: number): string => 'x = 1;\n'.repeat(lines);

/** Each mutant breaks one rule and no other; each innocent looks alike and breaks none. */
const mutants: [rule: string, what: string, files: Texts][] = [
  ['imports', 'a package outside the table', { [risk]: "import { a } from '@holdfast/core';\n" }],
  ['imports', 'a module that is no door', { [sdk]: "import '@holdfast/host/src/index.ts';\n" }],
  [
    'imports',
    'a package outside the table, later',
    { [risk]: "await import('@holdfast/core');\n" },
  ],
  ['imports', 'a re-export', { [risk]: "export * from '@holdfast/node';\n" }],
  ['imports', 'an undeclared dependency', { [sdk]: "import { a } from 'ws';\n" }],
  ['imports', 'a path out of the package', { [sdk]: "import { a } from '../../risk/src/b.ts';\n" }],
  ['imports', 'a built-in without its prefix', { [sdk]: "import fs from 'fs';\n" }],
  ['imports', 'node: in a pure module', { [risk]: "import fs from 'node:fs';\n" }],
  [
    'manifest',
    'a dependency against the table',
    { 'package.json': '{}', 'packages/units/package.json': manifest({ '@holdfast/core': '*' }) },
  ],
  [
    'manifest',
    'a missing dependency',
    { 'package.json': '{}', 'packages/laws/package.json': manifest({}) },
  ],
  [
    'manifest',
    'a version that differs from the root',
    {
      'package.json': manifest({ ws: '1.0.0' }),
      'packages/units/package.json': manifest({ ws: '1.0.1' }),
    },
  ],
  [
    'manifest',
    'a package outside the table of modules',
    { 'package.json': '{}', 'packages/other/package.json': manifest({}) },
  ],
  ...[
    'Math.random()',
    'new Date()',
    'Date.now()',
    'performance.now()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'process.exit()',
    'console.log(1)',
    "parseFloat('1')",
    '1.5 * x',
    '.5 * x',
    '1e-6 * x',
    'Math.sqrt(x)',
    'fetch(url)',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the mutant is a template in a template
    '`price ${Date.now()}`',
  ].map((code): [string, string, Texts] => ['pure', code, { [risk]: `a = ${code};\n` }]),
  ['unfinished', 'a note to oneself', { [sdk]: `// ${'TO'}${'DO'} later\n` }],
  ['unfinished', 'a note in a document', { 'docs/A.md': `${'FIX'}${'ME'}\n` }],
  ['suppression', 'the compiler off', { [sdk]: `// @${'ts-ignore'}\n` }],
  ['suppression', 'a limit off', { [sdk]: `// biome-ignore lint/a/${'noExplicit'}Any: b\n` }],
  ['only', 'a lone test', { 'packages/sdk/test/a.test.ts': "it.only('a', f);\n" }],
  ['secrets', 'a key', { [sdk]: `a = '0x${key}';\n` }],
  ['secrets', 'a key in a script', { 'docs/A.md': `export KEY=${key}\n` }],
  ['secrets', 'a PEM key', { 'a.pem': `-----BEGIN ${'EC PRIVATE'} KEY-----\n` }],
  ['machine', 'a temporary folder', { [sdk]: "a = '/tmp/x';\n" }],
  ['machine', 'a home folder', { 'README.md': 'see /root/x\n' }],
  ['machine', 'a registry', { 'package-lock.json': '"resolved": "https://a.b/c.tgz"\n' }],
  ['width', 'a wide line of TypeScript', { [sdk]: `// ${'a '.repeat(widthMax / 2)}\n` }],
  ['width', 'a wide line of Solidity', { [vault]: `// ${'a '.repeat(widthMax / 2)}\n` }],
  ['solidity-bans', 'tx.origin', { [vault]: 'a = tx.origin;\n' }],
  ['solidity-bans', 'delegatecall', { [vault]: 'a.delegatecall(b);\n' }],
  ['solidity-bans', 'selfdestruct', { [vault]: 'selfdestruct(a);\n' }],
  ['solidity-storage', 'a variable in a module', { [part]: '    uint256 internal _a;\n' }],
  ['solidity-storage', 'a mapping in a module', { [part]: '    mapping(bytes4 => address) a;\n' }],
  ['solidity-libraries', 'unchecked', { [vault]: 'unchecked { a++; }\n' }],
  ['solidity-libraries', 'assembly', { [vault]: 'assembly ("memory-safe") { }\n' }],
  ...[
    'new Vault(a)',
    'new V(a)',
    'type(Vault).creationCode',
    'type(V).runtimeCode',
    'contract A is Base, Vault {',
  ].map((code): [string, string, Texts] => [
    'solidity-built',
    code,
    { [vault]: 'contract Vault is A {', 'contracts/test/A.sol': `${renamed}${code}\n` },
  ]),
  ['solidity-length', 'a long file', { [vault]: long(401) }],
  ['solidity-length', 'a long function', { [vault]: `function f() external {\n${long(59)}}\n` }],
];

const innocents: [what: string, files: Texts][] = [
  [
    'allowed imports',
    { [risk]: "import { a } from '@holdfast/units';\nimport b from './b.ts';\n" },
  ],
  ['the word import in a string', { [sdk]: "a = ['--import', 'tsx'];\n" }],
  ['an import in a comment', { [risk]: "// import { a } from '@holdfast/core';\n" }],
  ['a test that compares packages', { 'packages/risk/test/a.ts': "import '@holdfast/core';\n" }],
  ['a clock outside the pure modules', { [sdk]: 'a = Date.now();\n' }],
  ['a clock in a comment', { [risk]: '// unlike Date.now()\na = "Date.now() 1.5";\n' }],
  ['whole numbers', { [risk]: 'a = [1_000_000, 0x1e, 1e6, a[1], v1.b, 10n ** 6n];\n' }],
  ['a key in a test', { 'packages/sdk/test/a.test.ts': `a = '0x${key}';\n` }],
  ['a constant of the curve', { [sdk]: `a = 0x${'F'.repeat(64)}n;\n` }],
  ['a vector in a test', { 'packages/sdk/test/a.test.ts': `  '${'ab'.repeat(100)}',\n` }],
  ['a path of an URL', { [sdk]: "a = 'http://host/work/tmp';\n" }],
  ['assembly in a library', { 'contracts/src/libraries/A.sol': 'assembly { }\nunchecked { }\n' }],
  ['a banned word in a comment', { [vault]: '// never tx.origin\n/* delegatecall */\n' }],
  [
    'constants, immutables and locals in a module',
    { [part]: '    uint256 constant A = 1;\n    IVault immutable B;\n        int8 c;\n' },
  ],
  [
    'a contract of src as a type, and doubles of tests',
    {
      [vault]: 'contract Vault is A {',
      'contracts/src/mocks/Token.sol': 'contract Token {',
      'contracts/test/A.sol':
        `${renamed}contract VaultTest is Base {\nVault a = Vault(deploy("Vault", ""));\n` +
        'b = new Token(); c = new VaultTest(); d = V.A.selector;\n' +
        'e = type(Token).creationCode; f = new V.A[](1);\n',
    },
  ],
  ['a function at the limit', { [vault]: `function f() external {\n${long(58)}}\n` }],
  ['a file at the limit', { [vault]: long(400) }],
];

describe('tidy', () => {
  for (const [rule, what, files] of mutants) {
    it(`${rule} trips on ${what}`, () => assert.deepEqual(tripped(files), [rule]));
  }
  for (const [what, files] of innocents) {
    it(`lets pass ${what}`, () => assert.deepEqual(tripped(files), []));
  }
  it('has a mutant for every rule', () => {
    const covered = new Set(mutants.map(([rule]) => rule));
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !covered.has(name)),
      [],
    );
  });
  it('has a table of modules without a cycle', () => {
    const visit = (name: string, path: string[]): void => {
      assert.ok(!path.includes(name), [...path, name].join(' → '));
      for (const next of modules[name]!) visit(next, [...path, name]);
    };
    for (const name of Object.keys(modules)) visit(name, []);
  });
});

describe('the mask', () => {
  it('blanks comments, strings, templates and patterns, and keeps every line', () => {
    const text =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is a template in a source
      "a('x//y'); // b\nc(`d${e({ f: `g` })}h`);\ni = /[/'\"]/.test(j) / k / l;\n/* m\n*/n";
    const { code } = mask(text, 'typescript');
    assert.equal(code.length, text.length);
    assert.equal(code.split('\n').length, text.split('\n').length);
    assert.equal(code.replace(/\s+/g, ''), 'a();c(e({f:}));i=.test(j)/k/l;n');
  });
  it('finds the functions of a contract with their lengths', () => {
    const text = 'contract A {\n  constructor() {}\n  function f() external\n  {\n  }\n}\n';
    assert.deepEqual(functionsOf(source('a.sol', text)), [
      { name: 'constructor', line: 2, lines: 1 },
      { name: 'f', line: 3, lines: 3 },
    ]);
  });
});

describe('biome', () => {
  const body = (lines: number): string =>
    `export function f(a: number): number {\n${'  a += 1;\n'.repeat(lines)}}\n`;
  const files: Texts = {
    'src/functionLong.ts': body(61),
    'src/functionFits.ts': body(60),
    'src/fileLong.ts': 'f();\n'.repeat(401),
    'src/fileFits.ts': 'f();\n'.repeat(400),
    'src/any.ts': 'export const a = (b: any) => b;\n',
    'test/functionLong.ts': body(61),
  };
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-tidy-')));
  after(() => rmSync(folder, { recursive: true }));

  it('trips on long functions, long files and any, under our settings', () => {
    const { vcs: _, ...settings } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    for (const [path, text] of Object.entries({
      ...files,
      'biome.json': JSON.stringify({ ...settings, root: true }),
    })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const bin = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const args = [bin, 'lint', '--max-diagnostics=none', '--reporter=github', '.'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const limit = /title=lint\/\w+\/(noExcessiveLines\w+|noExplicitAny),file=([^,]+)/g;
    const found = [...stdout.matchAll(limit)].map(
      ([, rule, path]) => `${relative(folder, path!)} ${rule}`,
    );
    assert.deepEqual(found.sort(), [
      'src/any.ts noExplicitAny',
      'src/fileLong.ts noExcessiveLinesPerFile',
      'src/functionLong.ts noExcessiveLinesPerFunction',
    ]);
  });
});
