/** What the sentinel and its command line need of findings. */
export { type Fatigue, fatigue, type Overrun, type TierFatigue } from './fatigue.ts';
export {
  type Change,
  createLedger,
  type Judgement,
  type Ledger,
  observeBlock,
  restore,
  retract,
} from './ledger.ts';
export {
  type Acknowledgement,
  type FindingRecord,
  findingId,
  rankOf,
  severities,
} from './record.ts';
export {
  acknowledge,
  compactFindings,
  type FindingStore,
  openStore,
  readFindings,
} from './store.ts';
