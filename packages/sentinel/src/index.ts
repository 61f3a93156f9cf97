/** A sentinel: watches, judges every law at every block, and tightens the breaker within bounds. */
export * from './backtest/index.ts';
export * from './config.ts';
export { Engine, type EngineOptions, type Found } from './engine/engine.ts';
export type { ActiveRule } from './engine/rules.ts';
export * from './findings/index.ts';
export * from './outputs/index.ts';
export * from './rule.ts';
export { type Bar, panelOf } from './rules/calibrate/recorded.ts';
export * from './rules/index.ts';
export { openSentinel, type Sentinel, type SentinelOptions } from './sentinel.ts';
export type { FindingRow } from './status/recent.ts';
export type { SentinelStatus } from './status/status.ts';
