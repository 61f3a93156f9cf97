/** contracts/src/generated/Laws.sol: every law as a view contract, for `eth_call`. */
import { inner, type Scope } from './bounds.ts';
import {
  head,
  helpers,
  natspec,
  recordsOf,
  solidityHeader,
  struct,
  widthChecks,
} from './emit-lawlib.ts';
import {
  isUnsigned,
  type Quantify,
  solidityChain,
  solidityNumber,
  solidityType,
  solidityWidth,
} from './emit-solidity.ts';
import { type InputType, isScalarLaw, type Law, type RecordType } from './law.ts';
import { numberOf, snapshotLaws } from './laws/index.ts';
import { broken, flat, paragraph } from './show.ts';
import type { Term } from './term.ts';

type Quantifier = Extract<Term, { list: string }>;
const indent = ' '.repeat(8);
const deep = ' '.repeat(16);

/** Names of the variables that a term reads from `scope`, in its order. */
export function freeVariables(term: Term, scope: Scope): string[] {
  const read = new Set<string>();
  const visit = (node: Term): void => {
    if (node.op === 'var') read.add(node.path.split('.')[0] as string);
    if ('list' in node) read.add(node.list);
    if ('all' in node) node.all.forEach(visit);
    for (const key of ['a', 'b', 'cond', 'body'] as const) {
      const child = (node as Partial<Record<typeof key, Term>>)[key];
      if (child !== undefined) visit(child);
    }
  };
  visit(term);
  return Object.keys(scope).filter((name) => read.has(name));
}

function parameters(names: readonly string[], scope: Scope): string[] {
  return names.map((name) => `${solidityType(scope[name] as InputType)} ${name}`);
}

/** The loop of a quantifier as a function of its own; `nested` receives those inside its body. */
function loop(name: string, node: Quantifier, scope: Scope, quantify: Quantify): string[] {
  const bodyScope = inner(node, scope);
  const unsigned = isUnsigned(node, scope);
  const result = node.op === 'sum' ? `${unsigned ? 'uint256' : 'int256'} total` : 'bool';
  const item = bodyScope[node.as] as RecordType;
  const stops = node.op === 'exists';
  const leaves: Term = stops ? node.body : { op: 'not', a: node.body };
  const body =
    node.op === 'sum'
      ? [`${deep}total += ${solidityNumber(node.body, bodyScope, quantify)};`]
      : [`${deep}if (${flat(solidityChain(leaves, bodyScope, quantify))}) return ${stops};`];
  return [
    ...head(
      name,
      parameters(freeVariables(node, scope), scope),
      `private pure returns (${result})`,
    ),
    `${indent}unchecked {`,
    `${indent}    for (uint256 i = 0; i < ${node.list}.length; ++i) {`,
    `${deep}${item.name} memory ${node.as} = ${node.list}[i];`,
    ...body,
    `${indent}    }`,
    ...(node.op === 'sum' ? [] : [`${indent}    return ${!stops};`]),
    `${indent}}`,
    '    }',
    '',
  ];
}

/** A law over lists: its own function, and one for each quantifier in it. */
function listLaw(law: Law): string[] {
  const loops: string[][] = [];
  const quantify: Quantify = (node, scope) => {
    const at = loops.push([]);
    const name = `_${law.name}${at}`;
    loops[at - 1] = loop(name, node, scope, quantify);
    return `${name}(${freeVariables(node, scope).join(', ')})`;
  };
  const chain = solidityChain(law.predicate, law.inputs, quantify);
  const single = Object.fromEntries(
    Object.entries(law.inputs).filter(([, type]) => type.kind !== 'list'),
  );
  const lists = Object.entries(law.inputs).filter(([, type]) => type.kind === 'list');
  const params = parameters(Object.keys(law.inputs), law.inputs);
  return [
    ...natspec(law),
    ...head(law.name, params, 'public pure returns (bool)'),
    ...widthChecks(single, indent),
    ...lists.map(([name]) => `${indent}if (!_fit(${name})) return false;`),
    `${indent}unchecked {`,
    `${indent}    return ${broken(chain, `${indent}    `, solidityWidth - 8)};`,
    `${indent}}`,
    '    }',
    '',
    ...loops.flat(),
  ];
}

function fit(record: RecordType): string[] {
  return [
    `    function _fit(${record.name}[] memory items) private pure returns (bool) {`,
    `${indent}unchecked {`,
    `${indent}    for (uint256 i = 0; i < items.length; ++i) {`,
    `${deep}${record.name} memory item = items[i];`,
    ...widthChecks({ item: record }, deep),
    `${indent}    }`,
    `${indent}    return true;`,
    `${indent}}`,
    '    }',
    '',
  ];
}

function qualified(type: InputType): string {
  if (type.kind === 'record') return `LawLib.${type.name}`;
  if (type.kind === 'list') return `${type.of.name}[]`;
  return solidityType(type);
}

/** Decodes the inputs of one law and judges them. */
function decoder(law: Law): string[] {
  const variables = Object.entries(law.inputs).map(([name, type]) => {
    const memory = type.kind === 'record' || type.kind === 'list' ? ' memory' : '';
    return `${qualified(type)}${memory} ${name}`;
  });
  const types = Object.values(law.inputs).map(qualified).join(', ');
  const call = `${isScalarLaw(law) ? 'LawLib.' : ''}${law.name}`;
  const single = `(${variables.join(', ')}) =`;
  const declared =
    single.length <= solidityWidth - 8
      ? [`${indent}${single}`]
      : [
          `${indent}(`,
          ...variables.map((v, i) => `${indent}    ${v}${i < variables.length - 1 ? ',' : ''}`),
          `${indent}) =`,
        ];
  return [
    `    function _judge${law.id}(bytes calldata input) private pure returns (bool) {`,
    ...declared,
    ...paragraph(`abi.decode(input, (${types}));`, `${indent}    `, solidityWidth),
    ...callLines(call, Object.keys(law.inputs)),
    '    }',
    '',
  ];
}

function callLines(call: string, args: readonly string[]): string[] {
  const line = `${indent}return ${call}(${args.join(', ')});`;
  if (line.length <= solidityWidth) return [line];
  const listed = paragraph(args.join(', '), `${indent}    `, solidityWidth);
  return [`${indent}return ${call}(`, ...listed, `${indent});`];
}

/** The union of the inputs of the laws on whole snapshots. */
export function snapshotInputs(): Record<string, InputType> {
  return Object.assign({}, ...snapshotLaws.map((law) => law.inputs));
}

function evaluate(): string[] {
  const inputs = Object.entries(snapshotInputs());
  const evaluated = snapshotLaws.map((law) => `(1 << ${numberOf(law)})`).join(' | ');
  return [
    '    /// @notice The whole venue at one block.',
    ...inputs.map(([name, type]) => `    /// @param ${name} ${type.doc}`),
    '    struct Snapshot {',
    ...inputs.map(
      ([name, type]) => `        ${solidityType(type).replace(' memory', '')} ${name};`,
    ),
    '    }',
    '',
    '    /// @notice No law has this number.',
    '    /// @param law The number asked for.',
    '    error LawUnknown(uint256 law);',
    '',
    '    /// @notice Bit n is set if `evaluate` judges law n.',
    `    uint256 public constant EVALUATED = ${evaluated};`,
    '',
    '    /// @notice Judges a snapshot of the whole venue.',
    '    /// @param s The snapshot.',
    '    /// @return held Bit n is set if law n holds; equal to EVALUATED if all do.',
    '    function evaluate(Snapshot memory s) external pure returns (uint256 held) {',
    ...snapshotLaws.map((law) => {
      const args = Object.keys(law.inputs).map((name) => `s.${name}`);
      const call = `${isScalarLaw(law) ? 'LawLib.' : ''}${law.name}(${args.join(', ')})`;
      return `${indent}if (${call}) held |= 1 << ${numberOf(law)};`;
    }),
    '    }',
    '',
  ];
}

function judge(laws: readonly Law[]): string[] {
  return [
    '    /// @notice Judges one law.',
    '    /// @param law Number of the law.',
    '    /// @param input Its inputs in order, ABI-encoded, every number as a word.',
    '    /// @return True if the law holds.',
    '    function judge(uint256 law, bytes calldata input) public pure returns (bool) {',
    ...laws.map((law) => `${indent}if (law == ${numberOf(law)}) return _judge${law.id}(input);`),
    `${indent}revert LawUnknown(law);`,
    '    }',
    '',
    '    /// @notice Judges many inputs of one law.',
    '    /// @param law Number of the law.',
    '    /// @param inputs Each as for `judge`.',
    '    /// @return verdicts One byte for each input: 1 if the law holds, otherwise 0.',
    '    function judgeMany(',
    '        uint256 law,',
    '        bytes[] calldata inputs',
    '    ) external pure returns (bytes memory verdicts) {',
    `${indent}verdicts = new bytes(inputs.length);`,
    `${indent}for (uint256 i = 0; i < inputs.length; ++i) {`,
    `${indent}    if (judge(law, inputs[i])) verdicts[i] = 0x01;`,
    `${indent}}`,
    '    }',
    '',
  ];
}

/** The text of Laws.sol. */
export function lawsContract(laws: readonly Law[]): string {
  const lists = laws.filter((law) => !isScalarLaw(law));
  const functions = lists.flatMap(listLaw);
  const records = recordsOf(lists);
  const lines = [
    ...solidityHeader,
    'import { LawLib } from "./LawLib.sol";',
    '',
    '/// @title Laws: every law of the venue, for watchers who ask by `eth_call`',
    '/// @dev Owns nothing and can change nothing. Laws on lists live here, all others in LawLib.',
    'contract Laws {',
    ...records.flatMap(struct),
    ...evaluate(),
    ...judge(laws),
    ...functions,
    ...laws.flatMap(decoder),
    ...records.flatMap(fit),
    ...helpers(functions.join('\n')),
  ];
  return `${lines.join('\n').trimEnd()}\n}\n`;
}
