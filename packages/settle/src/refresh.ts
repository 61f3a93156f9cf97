/**
 * Keeps the chain's prices near the core's when no batch carries a report: keepers need fresh
 * prices, and a market may move by one band per report only, so that a chain which was left
 * behind has to be led up to the price round by round.
 */
import { clearingHouseAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import { blockTime, type Chooser, type Report, reportOf } from './choose.ts';
import { chainRow } from './mirror.ts';
import { predict } from './predictor.ts';
import type { Block } from './rpc.ts';

/** Most rounds that are looked through for one that the chain still takes. */
const roundsMax = 4096;

/** Part of the quiet time after which the sequencer speaks up by itself. */
const heartbeatShare = 2;

/** Calldata of `push`. */
export function encodePush(report: Hex): Hex {
  return encodeFunctionData({ abi: clearingHouseAbi, functionName: 'push', args: [report] });
}

/**
 * The report that the chain should be given now without a batch, or undefined.
 *
 * @param idle no fills wait, so that no batch will carry the report
 */
export function dueReport(c: Chooser, head: Block, idle: boolean): Report | undefined {
  const { round, roundTime, quietSeconds } = chainRow(c.ledger.mirror);
  const latest = reportOf(c, c.state().round);
  if (latest === undefined) return undefined;
  const now = blockTime(c, head);
  const verdict = predict(c.ledger.mirror, [], { report: latest.report, now });
  if (verdict.kind === 'ok') {
    const due = now - roundTime >= Math.max(1, quietSeconds / heartbeatShare);
    return idle && due ? latest : undefined;
  }
  if (verdict.code !== 'PriceOutsideBand') return undefined;
  const oldest = Math.max(round + 1, latest.report.round - roundsMax);
  for (let wanted = latest.report.round - 1; wanted >= oldest; wanted--) {
    const report = reportOf(c, wanted);
    if (report === undefined) continue;
    const judged = predict(c.ledger.mirror, [], { report: report.report, now });
    if (judged.kind === 'ok') return report;
  }
  return undefined;
}
