/** Which refusals are a fill's fault. Pure. */
import type { Verdict } from './bisect.ts';
import type { Revert } from './rpc.ts';

/**
 * Refusals that concern the batch, the report or the moment: unwinding fills would not cure them.
 * Everything else is blamed on fills and bisected.
 */
const holding = new Set([
  'NotSequencer',
  'BatchOutOfOrder',
  'BatchHeadWrong',
  'PriceStale',
  'RoundNotNewer',
  'TimeNotNewer',
  'ReportStale',
  'ReportAhead',
  'PriceOutsideBand',
  'PriceZero',
  'MarketUnlisted',
  'QuorumShort',
  'SignersUnordered',
  'SignerUnknown',
  'MedianWrong',
  'ReportMalformed',
  'MarketsUnordered',
  // A committee's key has changed since the report was signed.
  'ReportUnsigned',
  'KeyRevoked',
  'CommitteeMissing',
  'ReentrancyGuardReentrantCall',
  // These would be defects of the planner; nobody's fill pays for them.
  'LengthWrong',
  'OrdersUnordered',
  'OrderMissing',
  'OrderUnused',
  'FillEmpty',
]);

/** What a refusal means for the fills of a batch. */
export function verdictOf(revert: Revert): Verdict {
  const { code, message } = revert;
  return holding.has(code) ? { kind: 'hold', code, message } : { kind: 'refused', code, message };
}
