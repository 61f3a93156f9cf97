/** Whose orders are verified next: cheap checks, then a fair queue, then signatures in batches. */
import { randomInt } from 'node:crypto';
import { judgeLife, mayOrder } from '@holdfast/core';
import {
  completeOrder,
  domainSeparator,
  type OrderItem,
  orderDigest,
  type SignedOrder,
  unpackOrder,
  validateOrderShape,
} from '@holdfast/order';
import {
  type AccountId,
  EnvironmentError,
  type Hex,
  isRejection,
  type Rejection,
  reject,
  type Seconds,
} from '@holdfast/units';
import { findAccount, mayTrade } from '../authority.ts';
import type { NodeParts } from '../parts.ts';
import { createStage, type Stage } from './stage.ts';

/** Where requests come from: what shares fairly with what. */
export type Origin = {
  readonly connection: string;
  /** The flow of an account's orders: its own if it is logged in here, the strangers' otherwise. */
  flowOf(account: AccountId): string;
};

/** The word of a gateway on who signed an order. */
export type Voucher = {
  /** The epoch that it assumed; its word is of no use if the order was signed for another. */
  readonly epoch: number;
  readonly signer: Hex | undefined;
  /** Says which epoch to assume. */
  stale(epoch: number): void;
  /** Says that its word was false. */
  refute(): void;
};

/** An order that passed what costs nothing, with the bytes that were signed. */
export type Candidate = {
  readonly order: SignedOrder;
  readonly packed: Uint8Array;
  readonly voucher?: Voucher | undefined;
};

export type Admission = {
  /** Verifies each order when its turn comes: undefined, or why it is refused. */
  verify(candidates: readonly Candidate[], from: Origin): Promise<(Rejection | undefined)[]>;
  /** Says that the engine has room again. */
  kick(): void;
  waiting(): number;
};

/** Orders that may wait for verification, in all. */
const ROOM_MAX = 16_384;
/** Orders of one message to a verifier: some 4 ms of its time. */
const BATCH_MAX = 64;
const BATCHES_PER_THREAD = 2;
/** Verified inputs that may wait for the journal: half a frame of it. */
const ENGINE_WAITING_MAX = 2048;
/** Wallets are asked by RPC and may not answer: a queue of their own, a few at a time. */
const WALLETS_AT_ONCE = 8;
const WALLET_ROOM_MAX = 1024;
/** One in so many orders of a gateway is verified here too: one that lies is soon found out. */
const SPOT_CHECK = 64;

/** The order of an item, or why it cannot be one: what needs neither signature nor journal. */
export function readOrder(
  parts: Pick<NodeParts, 'venue' | 'engine'>,
  item: OrderItem,
): SignedOrder | Rejection {
  const packed = unpackOrder(item.packed);
  if (isRejection(packed)) return packed;
  if (!parts.venue.markets.some(({ id }) => id === packed.market)) {
    return reject('MarketUnknown', `there is no market ${packed.market}`);
  }
  const account = findAccount(parts.engine.state, packed.account);
  if (isRejection(account)) return account;
  const order = completeOrder(packed, item.epoch ?? account.epoch, item.contractSignature);
  if (isRejection(order)) return order;
  return validateOrderShape(order) ?? order;
}

/** Why the core would refuse the order whoever signed it: replays and spent rates cost nothing. */
export function refuseEarly(
  { engine, clock }: Pick<NodeParts, 'engine' | 'clock'>,
  order: SignedOrder,
): Rejection | undefined {
  const account = findAccount(engine.state, order.account);
  if (isRejection(account)) return account;
  const at = Math.max(engine.state.at, clock.now()) as Seconds;
  return judgeLife(engine.state, account, order) ?? mayOrder(engine.state, account, at);
}

type Job = Candidate & {
  readonly settle: (no: Rejection | undefined) => void;
  readonly fail: (error: unknown) => void;
};

type Context = { readonly parts: NodeParts; readonly separator: Uint8Array };

function judgeKey({ parts }: Context, order: SignedOrder, signer: Hex | undefined) {
  const account = findAccount(parts.engine.state, order.account);
  if (isRejection(account)) return account;
  return mayTrade(account, signer, parts.clock.now(), order);
}

async function judgeWallet(c: Context, order: SignedOrder): Promise<Rejection | undefined> {
  const account = findAccount(c.parts.engine.state, order.account);
  if (isRejection(account) || order.signature instanceof Uint8Array) return undefined;
  const digest = orderDigest(c.separator, order);
  const { bytes } = order.signature;
  if (await c.parts.contractSigner(account.owner, digest, bytes)) return undefined;
  return reject('SignatureWrong', `the wallet ${account.owner} did not sign this`);
}

function failed(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) {
    if (!(error instanceof EnvironmentError)) job.fail(error);
    else job.settle({ code: error.code, message: error.message });
  }
}

/** Whether the word of a gateway is taken for this order. */
function isVouched({ voucher, order: { epoch } }: Job): boolean {
  if (voucher === undefined) return false;
  if (voucher.epoch === epoch) return randomInt(SPOT_CHECK) > 0;
  voucher.stale(epoch);
  return false;
}

async function serveKeys(c: Context, jobs: readonly Job[]): Promise<void> {
  try {
    const signers = jobs.map((job) => job.voucher?.signer);
    const asked = [...jobs.keys()].filter((at) => !isVouched(jobs[at] as Job));
    const signed = asked.map((at) => {
      const { packed, order } = jobs[at] as Job;
      return { packed, epoch: order.epoch };
    });
    const found = await c.parts.pool.signers(signed);
    for (const [i, at] of asked.entries()) {
      const { voucher, order } = jobs[at] as Job;
      if (voucher?.epoch === order.epoch && voucher.signer !== found[i]) voucher.refute();
      signers[at] = found[i];
    }
    for (const [at, job] of jobs.entries()) job.settle(judgeKey(c, job.order, signers[at]));
  } catch (error) {
    failed(jobs, error);
  }
}

async function serveWallets(c: Context, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    try {
      job.settle(await judgeWallet(c, job.order));
    } catch (error) {
      failed([job], error);
    }
  }
}

function busy(stage: Stage<Job>): Rejection {
  const retryMs = stage.delayMs();
  return reject('Busy', `the venue is busy: send again in ${retryMs} ms`, { retryMs });
}

export function createAdmission(parts: NodeParts): Admission {
  const c: Context = { parts, separator: domainSeparator(parts.domain) };
  const mayServe = (): boolean => parts.engine.waiting() < ENGINE_WAITING_MAX;
  const keys = createStage<Job>({
    serve: (jobs) => serveKeys(c, jobs),
    batchMax: BATCH_MAX,
    batchesMax: BATCHES_PER_THREAD * Math.max(parts.pool.threads, 1),
    roomMax: ROOM_MAX,
    mayServe,
  });
  const wallets = createStage<Job>({
    serve: (jobs) => serveWallets(c, jobs),
    batchMax: 1,
    batchesMax: WALLETS_AT_ONCE,
    roomMax: WALLET_ROOM_MAX,
    mayServe,
  });
  return {
    verify: (candidates, from) =>
      new Promise((done, fail) => {
        const verdicts: (Rejection | undefined)[] = new Array(candidates.length);
        let left = candidates.length;
        if (left === 0) done(verdicts);
        for (const [at, candidate] of candidates.entries()) {
          const { order } = candidate;
          const settle = (no: Rejection | undefined): void => {
            verdicts[at] = no;
            left -= 1;
            if (left === 0) done(verdicts);
          };
          const stage = order.signature instanceof Uint8Array ? keys : wallets;
          const job = { ...candidate, settle, fail };
          if (!stage.push(from.flowOf(order.account), from.connection, job)) settle(busy(stage));
        }
      }),
    kick() {
      keys.kick();
      wallets.kick();
    },
    waiting: () => keys.waiting() + wallets.waiting(),
  };
}
