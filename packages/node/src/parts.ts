import type { Clock, Logger, Venue } from '@holdfast/host';
import type { ReportAuthority } from '@holdfast/oracle';
import type { Domain } from '@holdfast/order';
import type { Acks } from './acks.ts';
import type { ContractSigner } from './authority.ts';
import type { Engine } from './engine.ts';
import type { Journal } from './journal/types.ts';
import type { Tape } from './tape.ts';
import type { VerifyPool } from './verify/pool.ts';
import type { Recover } from './verify/recover.ts';
import type { DigestSigner } from './verify/sign.ts';

/** What the node's servers share. Made once, in `node.ts`. */
export type NodeParts = {
  readonly venue: Venue;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly acks: Acks;
  readonly tape: Tape;
  readonly pool: VerifyPool;
  /** One signature at a time, on this thread: logins and reports. */
  readonly recover: Recover;
  /** Whose word a report is. */
  readonly authority: ReportAuthority;
  readonly contractSigner: ContractSigner;
  /** Signs receipts. */
  readonly key: DigestSigner;
  /** Why the node takes no orders, or undefined while it does. */
  readonly halted: () => string | undefined;
};
