/**
 * One key. A transaction that does not get in is sent again, then with a higher fee under the same
 * nonce, so that at most one of its forms lands.
 */
import { EnvironmentError, fromHex, type Hex, keccak256, toHex } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import type { Version } from './books.ts';
import { type Block, type CallRequest, type Chain, isRevert, type Receipt } from './rpc.ts';

/** Largest gas limit of a transaction that every chain takes (EIP-7825). */
export const transactionGasMax = 2 ** 24;

/** What is sent: a batch, or a report without one. */
export type Sendable = Pick<Version, 'calldata'>;

export type Inflight<T extends Sendable = Version> = {
  readonly version: T;
  readonly nonce: number;
  readonly gas: number;
  /** All forms of the transaction, oldest first. */
  readonly hashes: Hex[];
  raw: Hex;
  fee: bigint;
  tip: bigint;
  /** Height when it was last sent. */
  sentAt: number;
};

export type Outcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'mined'; readonly receipt: Receipt; readonly hash: Hex }
  /** Another transaction took the nonce, or the node forgot ours and its nonce is gone. */
  | { readonly kind: 'lost' };

export type SubmitterDeps = {
  readonly chain: Chain;
  readonly chainId: number;
  readonly clearingHouse: Hex;
  readonly sequencer: LocalAccount;
  /** Blocks without inclusion after which the fee is raised. */
  readonly stuckBlocks: number;
  readonly onBump: (nonce: number) => void;
};

export type Submitter = ReturnType<typeof createSubmitter>;

/** Errors of `eth_sendRawTransaction` that mean: it is there already, or one like it. */
const harmless = /already known|already imported|known transaction|already exists/i;
const raisesMax = 8;
const underpriced = /underpriced|fee too low|replacement/i;

type Context = SubmitterDeps & { readonly from: Hex };

async function sign(c: Context, inflight: Inflight<Sendable>): Promise<Hex> {
  return c.sequencer.signTransaction({
    type: 'eip1559',
    chainId: c.chainId,
    nonce: inflight.nonce,
    to: c.clearingHouse,
    data: inflight.version.calldata,
    gas: BigInt(inflight.gas),
    maxFeePerGas: inflight.fee,
    maxPriorityFeePerGas: inflight.tip,
  });
}

/** @returns false when the node wants a higher fee */
async function send(c: Context, raw: Hex): Promise<boolean> {
  try {
    const answer = await c.chain.send(raw);
    if (!isRevert(answer)) return true;
    const message = `the node refuses a batch: ${answer.message}`;
    throw new EnvironmentError('RpcRefused', message, { retry: true });
  } catch (error) {
    const message = error instanceof EnvironmentError ? error.message : '';
    if (harmless.test(message)) return true;
    if (underpriced.test(message)) return false;
    if (!/insufficient funds/i.test(message)) throw error;
    throw new EnvironmentError(
      'SequencerPoor',
      `the sequencer ${c.sequencer.address} cannot pay for gas: send it native coin`,
      { retry: true, cause: error },
    );
  }
}

async function dispatch(c: Context, inflight: Inflight<Sendable>, head: Block): Promise<boolean> {
  inflight.raw = await sign(c, inflight);
  inflight.sentAt = head.number;
  const hash = toHex(keccak256(fromHex(inflight.raw)));
  if (!inflight.hashes.includes(hash)) inflight.hashes.push(hash);
  return send(c, inflight.raw);
}

function raise(inflight: Inflight<Sendable>, head: Block): void {
  const up = (value: bigint): bigint => (value * 5n) / 4n + 1n;
  inflight.tip = up(inflight.tip);
  const floor = head.baseFee * 2n + inflight.tip;
  const raised = up(inflight.fee);
  inflight.fee = raised < floor ? floor : raised;
}

/** Sends, and raises the fee for as long as the node finds it too low. */
async function push(c: Context, inflight: Inflight<Sendable>, head: Block): Promise<void> {
  for (let i = 0; i < raisesMax; i++) {
    if (await dispatch(c, inflight, head)) return;
    raise(inflight, head);
  }
}

async function submit<T extends Sendable>(
  c: Context,
  version: T,
  gas: number,
  head: Block,
  wanted?: number,
): Promise<Inflight<T>> {
  const nonce = wanted ?? (await c.chain.nonce(c.from));
  const tip = await c.chain.priorityFee();
  const inflight: Inflight<T> = {
    version,
    nonce,
    gas: Math.min(gas, transactionGasMax),
    hashes: [],
    raw: '0x',
    fee: head.baseFee * 2n + tip,
    tip,
    sentAt: head.number,
  };
  await push(c, inflight, head);
  return inflight;
}

async function watch(c: Context, inflight: Inflight<Sendable>, head: Block): Promise<Outcome> {
  for (const hash of inflight.hashes) {
    const receipt = await c.chain.receipt(hash);
    if (receipt !== undefined) return { kind: 'mined', receipt, hash };
  }
  if (head.number - inflight.sentAt < c.stuckBlocks) return { kind: 'waiting' };
  if ((await c.chain.nonce(c.from)) > inflight.nonce) return { kind: 'lost' };
  const last = inflight.hashes.at(-1);
  if (last !== undefined && !(await c.chain.isKnown(last))) {
    inflight.sentAt = head.number;
    await send(c, inflight.raw);
    return { kind: 'waiting' };
  }
  raise(inflight, head);
  c.onBump(inflight.nonce);
  await push(c, inflight, head);
  return { kind: 'waiting' };
}

/** Signs and sends batches with one key. */
export function createSubmitter(deps: SubmitterDeps) {
  const c: Context = { ...deps, from: deps.sequencer.address.toLowerCase() as Hex };
  return {
    request: (data: Hex): CallRequest => ({ from: c.from, to: c.clearingHouse, data }),
    /**
     * Sends as a new transaction, with the account's next nonce or a given one.
     *
     * @throws EnvironmentError RpcDown, SequencerPoor, …
     */
    submit: <T extends Sendable>(version: T, gas: number, head: Block, nonce?: number) =>
      submit(c, version, gas, head, nonce),
    /** Looks after a transaction; call once per poll. */
    watch: (inflight: Inflight<Sendable>, head: Block) => watch(c, inflight, head),
  };
}
