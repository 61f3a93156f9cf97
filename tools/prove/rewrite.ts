/** Rewrites of Solidity that the solvers read more easily. Each says why it means the same. */
import { posix } from 'node:path';

/** The library that stands for narrowing casts. */
export const narrowPath = 'contracts/proofs/Narrow.sol';

/** A shift to the left by a constant. */
const left = / << (\d+)\b/g;
/** A test that some words, or a single one, are not wider than a number of bits. */
const wide = /if \(\(?([^()>]+?)\)? >> (\d+) != 0\)/g;
/** The same for a signed word: moved up by half of what fits. */
const wideSigned = /uint256\((\w+) \+ 2 \*\* (\d+)\) >> (\d+) != 0/g;

/** Bits of the signed inputs of laws. */
export const signedWidths: readonly number[] = [54, 96, 128, 136];

/**
 * Tests of width as comparisons. That both mean the same for all words of 256 bits and every
 * constant is the property `words.wide`.
 */
export function plainWidths(text: string): string {
  return text
    .replace(wide, (_, terms, bits) => {
      const each = String(terms).split(' | ');
      return `if (${each.map((term) => `${term} >= 2 ** ${bits}`).join(' || ')})`;
    })
    .replace(wideSigned, (whole, name, low, bits) =>
      Number(low) + 1 === Number(bits) && signedWidths.includes(Number(bits))
        ? `(${name} < -(2 ** ${low}) || ${name} >= 2 ** ${low})`
        : whole,
    );
}

/**
 * Shifts to the left as products: the same by the property `words.left` as long as nothing
 * overflows, which the prover is asked as well.
 */
export function plainLeft(text: string): string {
  return text.replace(left, ' * (2 ** $1)').replace(/ << LEVER_BITS/g, ' * (2 ** 16)');
}

/** Casts to a narrower type as calls of the library that asserts that nothing is lost. */
export function withNarrow(name: string, text: string): string {
  const out = text.replace(/\buint(32|40|56|64)\((?!\)|int|\w+\.toInt)/g, 'Narrow.to$1(');
  if (out === text) return text;
  const path = posix.relative(posix.dirname(name), narrowPath);
  return out.replace(/^pragma .*$/m, (line) => `${line}\nimport {Narrow} from "${path}";`);
}

/**
 * Blocks without checks as blocks with them, their shifts to the left by a constant as products:
 * what would wrap, or lose a bit above, panics instead, and nothing else is another.
 */
export function withChecks(text: string): string {
  let out = '';
  let rest = text;
  for (;;) {
    const head = rest.indexOf('unchecked {');
    if (head < 0) return out + rest;
    const from = head + 'unchecked '.length;
    let depth = 0;
    let to = from;
    do {
      if (rest[to] === '{') depth += 1;
      if (rest[to] === '}') depth -= 1;
      to += 1;
    } while (depth > 0 && to < rest.length);
    out += rest.slice(0, head) + plainLeft(rest.slice(from, to));
    rest = rest.slice(to);
  }
}
