/** contracts/src/generated/LawLib.sol: the scalar laws as internal pure functions. */
import { solidityChain, solidityType, solidityWidth, tooWide } from './emit-solidity.ts';
import { type InputType, isScalarLaw, type Law, type RecordType } from './law.ts';
import { broken, paragraph } from './show.ts';

/** First lines of every generated Solidity file. */
export const solidityHeader = [
  '// SPDX-License-Identifier: Apache-2.0',
  '// Generated from packages/laws by `npm run docs`. Do not edit.',
  'pragma solidity ^0.8.30;',
  '',
];

/** The records among the inputs of some laws, each once. */
export function recordsOf(laws: readonly Law[]): RecordType[] {
  const found = new Map<string, RecordType>();
  for (const law of laws) {
    for (const type of Object.values(law.inputs)) {
      if (type.kind === 'record') found.set(type.name, type);
      if (type.kind === 'list') found.set(type.of.name, type.of);
    }
  }
  return [...found.values()];
}

/** A struct whose fields are as wide as words, so that no value fails to decode. */
export function struct(record: RecordType): string[] {
  const fields = Object.entries(record.fields);
  return [
    `    /// @notice ${record.doc}`,
    ...fields.map(([name, field]) => `    /// @param ${name} ${field.doc}`),
    `    struct ${record.name} {`,
    ...fields.map(([name, field]) => `        ${solidityType(field)} ${name};`),
    '    }',
    '',
  ];
}

/** NatSpec of a law. */
export function natspec(law: Law): string[] {
  const prefix = '    /// ';
  return [
    ...paragraph(`@notice ${law.id}. ${law.statement}`, prefix, solidityWidth),
    ...paragraph(`@dev Assumes: ${law.assumes}`, prefix, solidityWidth),
    ...Object.entries(law.inputs).flatMap(([name, type]) =>
      paragraph(`@param ${name} ${type.doc}`, prefix, solidityWidth),
    ),
    '    /// @return True if the law holds.',
  ];
}

/** A function head, on one line if it fits. */
export function head(name: string, params: readonly string[], tail: string): string[] {
  const line = `    function ${name}(${params.join(', ')}) ${tail} {`;
  if (line.length <= solidityWidth) return [line];
  const listed = params.map((param, i) => `        ${param}${i < params.length - 1 ? ',' : ''}`);
  const modifiers = `    ) ${tail} {`;
  return [`    function ${name}(`, ...listed, modifiers];
}

/** `if (…) return false;` lines for inputs out of their width. */
export function widthChecks(inputs: Readonly<Record<string, InputType>>, indent: string): string[] {
  const fields = Object.entries(inputs).flatMap(([name, type]): [string, InputType][] =>
    type.kind === 'record'
      ? Object.entries(type.fields).map(([field, inner]) => [`${name}.${field}`, inner])
      : [[name, type]],
  );
  const wrapper = `${indent}if () return false;`.length;
  return tooWide(fields, solidityWidth - wrapper).map(
    (condition) => `${indent}if (${condition}) return false;`,
  );
}

function lawFunction(law: Law): string[] {
  const params = Object.entries(law.inputs).map(([name, type]) => `${solidityType(type)} ${name}`);
  const indent = ' '.repeat(12);
  const chain = solidityChain(law.predicate, law.inputs);
  return [
    ...natspec(law),
    ...head(law.name, params, 'internal pure returns (bool)'),
    '        unchecked {',
    ...widthChecks(law.inputs, indent),
    `${indent}return ${broken(chain, indent, solidityWidth - 8)};`,
    '        }',
    '    }',
    '',
  ];
}

/** Helpers that the emitted expressions call, as far as `text` uses them. */
export function helpers(text: string): string[] {
  const all: [RegExp, string[]][] = [
    [
      /_abs\(/,
      [
        '    function _abs(int256 a) private pure returns (uint256) {',
        '        return uint256(a < 0 ? -a : a);',
        '    }',
        '',
      ],
    ],
    [
      /_min\(/,
      [
        '    function _min(uint256 a, uint256 b) private pure returns (uint256) {',
        '        return a < b ? a : b;',
        '    }',
        '',
      ],
    ],
    [
      /_max\(/,
      [
        '    function _max(int256 a, int256 b) private pure returns (int256) {',
        '        return a > b ? a : b;',
        '    }',
        '',
      ],
    ],
  ];
  return all.flatMap(([used, lines]) => (used.test(text) ? lines : []));
}

const libraryNotes =
  '@dev Each function gives the verdict of one law. An argument outside its declared width makes ' +
  'the verdict false; inside the widths no term can leave 256 bits, which the generator proves, ' +
  'hence unchecked. Whole-state laws are in Laws.';

/** The text of LawLib.sol. */
export function lawLib(laws: readonly Law[]): string {
  const scalar = laws.filter(isScalarLaw);
  const functions = scalar.flatMap(lawFunction);
  const lines = [
    ...solidityHeader,
    '/// @title LawLib: the laws of the venue that speak of single values',
    ...paragraph(libraryNotes, '/// ', solidityWidth),
    'library LawLib {',
    ...recordsOf(scalar).flatMap(struct),
    ...functions,
    ...helpers(functions.join('\n')),
  ];
  return `${lines.join('\n').trimEnd()}\n}\n`;
}
