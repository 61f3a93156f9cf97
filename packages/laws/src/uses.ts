/** Where each law is used: a law that nothing enforces is a wish. */
import { isScalarLaw, type Law } from './law.ts';
import { LAWS } from './laws/index.ts';
import { mutantsOf } from './mutate.ts';

/** A file: its path from the root, with forward slashes, and its text. */
export type Source = { readonly path: string; readonly text: string };

/** Paths that use a law, by kind, and the number of its mutants. */
export type Uses = {
  readonly chain: readonly string[];
  readonly typescript: readonly string[];
  readonly docs: readonly string[];
  readonly mutants: number;
};

function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

/** A contract that asks the law, or a Foundry test that holds the contracts to it. */
function callsOnChain(law: Law, { path, text }: Source): boolean {
  if (!/^contracts\/(src|test)\/.*\.sol$/.test(path)) return false;
  if (!isScalarLaw(law)) {
    return path.endsWith('generated/Laws.sol') && code(text).includes(`function ${law.name}(`);
  }
  return !path.includes('/generated/') && code(text).includes(`LawLib.${law.name}(`);
}

function callsInTypescript(law: Law, { path, text }: Source): boolean {
  const outside = /^(packages|tests)\//.test(path) && !path.startsWith('packages/laws/');
  if (!outside || !path.endsWith('.ts')) return false;
  const body = code(text);
  if (!body.includes('@holdfast/laws')) return false;
  const call = new RegExp(`(?<![\\w.])${law.name}\\(|\\bjudge\\(\\s*'${law.name}'`);
  return call.test(body);
}

/** The uses of a law among some files. */
export function usesOf(law: Law, sources: readonly Source[]): Uses {
  const paths = (used: (law: Law, source: Source) => boolean) =>
    sources.filter((source) => used(law, source)).map(({ path }) => path);
  return {
    chain: paths(callsOnChain),
    typescript: paths(callsInTypescript),
    docs: paths(
      (_law, { path, text }) => path === 'docs/LAWS.md' && text.includes(`## ${law.id} `),
    ),
    mutants: mutantsOf(law).length,
  };
}

/** One line for each use that a law lacks; empty if all laws have all their uses. */
export function missingUses(sources: readonly Source[], laws: readonly Law[] = LAWS): string[] {
  return laws.flatMap((law) => {
    const uses = usesOf(law, sources);
    const label = `${law.id} ${law.name}`;
    return [
      uses.chain.length === 0 ? `${label}: no contract asks it` : '',
      uses.typescript.length === 0 ? `${label}: no package or test asks it` : '',
      uses.docs.length === 0 ? `${label}: docs/LAWS.md does not state it` : '',
      uses.mutants === 0 ? `${label}: it has no mutant` : '',
    ].filter((line) => line !== '');
  });
}
