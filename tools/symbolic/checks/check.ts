/** The shape of a check of bytecode: a function of contracts/proofs/symbolic. */
import type { Method, Mutant, Property } from '../../prove/property.ts';

/** Path of a library of the contracts. */
export const library = (name: string): string => `contracts/src/libraries/${name}.sol`;

type Rest = Pick<Property, 'plain' | 'reverts' | 'slow' | 'seconds'> & { method?: Method };

/** A check by its place, `Contract.check_what`, and what it is about. */
export function check(
  id: string,
  place: string,
  laws: readonly string[],
  subject: string,
  title: string,
  mutants: readonly Mutant[],
  rest: Rest = {},
): Property {
  const [file] = place.split('.');
  return {
    id,
    laws,
    title,
    harness: `symbolic/${file}.sol`,
    contract: place,
    subject,
    engine: 'bytecode',
    method: 'bytecode',
    mutants,
    ...rest,
  };
}
