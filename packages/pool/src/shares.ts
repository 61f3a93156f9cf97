/** Sharing whole things by weights. Pure. */

/**
 * Shares `amount` by `weights`, none above its weight: the whole part first, then one each by the
 * largest remainder, the earlier of equals.
 *
 * @returns shares in order, and what the weights together could not take
 */
export function shareOut(
  amount: bigint,
  weights: readonly bigint[],
): { readonly shares: bigint[]; readonly left: bigint } {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (amount >= sum) return { shares: [...weights], left: amount - sum };
  const shares = weights.map((weight) => (amount * weight) / sum);
  const rests = weights.map((weight, i) => ({ i, rest: (amount * weight) % sum }));
  rests.sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest < b.rest ? 1 : -1));
  let left = amount - shares.reduce((total, share) => total + share, 0n);
  for (const { i } of rests) {
    if (left === 0n) break;
    shares[i] = (shares[i] as bigint) + 1n;
    left -= 1n;
  }
  return { shares, left: 0n };
}
