/** What proposals of all contracts have in common. */

const expirySeconds = 7 * 86_400;

/** @returns the error of a proposal that may not be applied now */
export function notReady(readyAt: number, now: number, mutant: string): string | undefined {
  if (readyAt === 0) return 'ProposalMissing';
  if (now < readyAt && mutant !== 'applied early') return 'ProposalEarly';
  const timeMax = mutant === 'dead on arrival' ? readyAt - 1 : readyAt + expirySeconds;
  return now > timeMax && mutant !== 'old proposals live' ? 'ProposalExpired' : undefined;
}
