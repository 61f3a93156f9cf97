/** The venue node as a library: tests and launchers start it in process. */
export { type Acks, type Answer, createAcks } from './acks.ts';
export { coreConfig, type NodeOptions, nodeDefaults } from './config.ts';
export { createEngine, type Engine, type Input, type Outcome } from './engine.ts';
export { type Disk, localDisk } from './journal/disk.ts';
export { type JournalOptions, openJournal } from './journal/local.ts';
export type { Journal } from './journal/types.ts';
export { type NodeDeps, type RunningNode, startNode } from './node.ts';
export { recover, saveRecovered } from './recovery.ts';
export { type JournalSettings, loadSettings, parseAuctions, parseSettings } from './settings.ts';
export { createVerifyPool } from './verify/pool.ts';
export { nativeRecover, portableRecover, type Recover } from './verify/recover.ts';
