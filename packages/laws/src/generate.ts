/** Generator for `npm run docs`: every file that follows from the laws, by path from the root. */
import { invariant } from '@holdfast/units';
import { boundsOf } from './bounds.ts';
import { lawsDocument } from './emit-docs.ts';
import { lawLib } from './emit-lawlib.ts';
import { lawsContract } from './emit-laws.ts';
import { typescriptChecks } from './emit-typescript.ts';
import { verdict } from './evaluate.ts';
import { LAWS } from './laws/index.ts';

/**
 * The generated files.
 *
 * @throws AssertionError if a law is ill-typed, can overflow, or its own example breaks it
 */
export function generate(): Record<string, string> {
  LAWS.forEach((law, i) => {
    const id = `L${String(i + 1).padStart(2, '0')}`;
    invariant(law.id === id, `${law.name}: id ${law.id} is not ${id}`);
    invariant(boundsOf(law.predicate, law.inputs).kind === 'bool', `${law.id} is not a boolean`);
    invariant(verdict(law, law.example), `${law.id} does not hold for its example`);
  });
  return {
    'contracts/src/generated/LawLib.sol': lawLib(LAWS),
    'contracts/src/generated/Laws.sol': lawsContract(LAWS),
    'docs/LAWS.md': lawsDocument(LAWS),
    'packages/laws/src/generated/checks.ts': typescriptChecks(LAWS),
  };
}
