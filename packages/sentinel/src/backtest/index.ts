/** Rules over the past of a chain. */
export {
  type BacktestResult,
  backtest,
  type Incident,
  type RuleResult,
  readIncidents,
} from './backtest.ts';
export { openRange, type Range, type RangeOptions } from './blocks.ts';
export { curvesFrom } from './calibrate.ts';
export {
  type BacktestCommand,
  type BacktestReport,
  runBacktest,
} from './command.ts';
