/**
 * What the rewrites of `rewrite.ts` rest on, as queries about words of 256 bits: each holds for all
 * words, and every constant from 1 to 255 or every width of a signed input, if its query has no
 * model.
 */
import { signedWidths } from './rewrite.ts';

const word = (value: bigint): string => `(_ bv${BigInt.asUintN(256, value)} 256)`;
const constants = Array.from({ length: 255 }, (_, at) => at + 1);

/** An equivalence for each constant, as one query: is there one that fails? */
function query(lemma: (bits: number) => string, widths: readonly number[] = constants): string {
  const failures = widths.map((bits) => `(not ${lemma(bits)})`).join('\n');
  const names = ['x', 'y', 'z'].map((name) => `(declare-const ${name} (_ BitVec 256))`);
  return `(set-logic QF_BV)\n${names.join('\n')}\n(assert (or\n${failures}))\n(check-sat)\n`;
}

/** Query by the name that a property gives. */
export const lemmas: Readonly<Record<string, string>> = {
  left: query(
    (bits) => `(= (bvshl x ${word(BigInt(bits))}) (bvmul x ${word(1n << BigInt(bits))}))`,
  ),
  wide: query((bits) => {
    const bound = word(1n << BigInt(bits));
    const some = `(or (bvuge x ${bound}) (bvuge y ${bound}) (bvuge z ${bound}))`;
    const shifted = `(bvlshr (bvor x (bvor y z)) ${word(BigInt(bits))})`;
    return `(= (not (= ${shifted} ${word(0n)})) ${some})`;
  }),
  wideSigned: query((bits) => {
    const half = 1n << BigInt(bits - 1);
    const shifted = `(bvlshr (bvadd x ${word(half)}) ${word(BigInt(bits))})`;
    const outside = `(or (bvslt x ${word(-half)}) (bvsge x ${word(half)}))`;
    return `(= (not (= ${shifted} ${word(0n)})) ${outside})`;
  }, signedWidths),
};
