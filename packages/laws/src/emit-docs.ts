/** docs/LAWS.md. */
import { type InputType, isInt, isScalarLaw, type Law } from './law.ts';
import { snapshotLaws } from './laws/index.ts';
import { mutantsOf } from './mutate.ts';
import { paragraph, show } from './show.ts';

function widthOf(type: InputType): string {
  if (isInt(type)) return `${type.kind}${type.bits}`;
  if (type.kind === 'list') return `list of ${type.of.name}`;
  return type.kind === 'record' ? type.name : type.kind;
}

function onChain(law: Law): string {
  return isScalarLaw(law) ? `\`LawLib.${law.name}\`` : `\`Laws.${law.name}\``;
}

/** Predicate in lines: one for each conjunct at the top. */
function formula(law: Law): string[] {
  const { predicate } = law;
  if (predicate.op !== 'and') return [show(predicate)];
  return predicate.all.map((part, i) => (i === 0 ? '  ' : '∧ ') + show(part, true));
}

function section(law: Law): string[] {
  const snapshot = snapshotLaws.includes(law) ? ', `Laws.evaluate`' : '';
  const inputs = Object.entries(law.inputs).map(
    ([name, type]) => `- \`${name}\` (${widthOf(type)}): ${type.doc}`,
  );
  return [
    '',
    `## ${law.id} ${law.title}`,
    '',
    ...paragraph(law.statement, '', 100),
    '',
    '```text',
    ...formula(law),
    '```',
    '',
    ...inputs,
    '',
    ...paragraph(`Assumes: ${law.assumes}`, '', 100),
    '',
    `On chain: ${onChain(law)}${snapshot}. In TypeScript: \`${law.name}\`.`,
    `Mutants that the tests tell apart: ${mutantsOf(law).length}.`,
  ];
}

const introduction =
  'Each law is one object in `packages/laws/src/laws`. From it come the function that the ' +
  'contracts call (`LawLib`), the one that watchers ask by `eth_call` (`Laws`), the one that the ' +
  'node and the simulation call (`@holdfast/laws`) and this page. A value outside the width of ' +
  'its input makes a verdict false; inside the widths no formula can leave int256, which the ' +
  'generator proves before it writes anything.';

/** The text of docs/LAWS.md. */
export function lawsDocument(laws: readonly Law[]): string {
  const lines = [
    '<!-- Generated from packages/laws by `npm run docs`. Do not edit. -->',
    '# Laws',
    '',
    ...paragraph(introduction, '', 100),
    '',
    '| id | law | statement |',
    '|---|---|---|',
    ...laws.map((law) => `| ${law.id} | ${law.title} | ${law.statement} |`),
    ...laws.flatMap(section),
    '',
  ];
  return lines.join('\n');
}
