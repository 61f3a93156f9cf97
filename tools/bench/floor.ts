/**
 * The least that any code could pay for what a transaction did: its bytes, the words of storage
 * that it read and wrote, its logs, its signatures. What is above that is computation.
 */
import type { Hex } from 'viem';
import type { Chain } from '../gas/chain.ts';

/** Prices of Prague: EIP-2028, 2929, 2930, 3529 and the yellow paper. */
const gas = {
  transaction: 21_000,
  byteZero: 4,
  byte: 16,
  slotCold: 2_100,
  /** On top of the cold access. */
  slotChanged: 2_900,
  slotNew: 20_000,
  accountCold: 2_600,
  log: 375,
  topic: 375,
  logByte: 8,
  recover: 3_000,
} as const;

type Account = { storage?: Record<Hex, Hex> };
type Prestate = Record<Hex, Account>;
type Diff = { pre: Prestate; post: Prestate };

/** Gas of the newest block's transaction, and its floor. */
export type Floored = { readonly used: number; readonly floor: number };

/**
 * Measures the transaction that was mined last.
 *
 * @param signatures how many it had to recover
 */
export async function floorOfLast(chain: Chain, signatures: number): Promise<Floored> {
  const block = await chain.client.getBlock({ includeTransactions: true });
  const [transaction] = block.transactions;
  if (transaction === undefined || block.transactions.length !== 1) {
    throw new Error('the newest block has not one transaction');
  }
  const receipt = await chain.client.getTransactionReceipt({ hash: transaction.hash });
  const trace = (diffMode: boolean): Promise<unknown> => {
    const options = { tracer: 'prestateTracer', tracerConfig: { diffMode } };
    const params = [transaction.hash, options];
    return chain.client.request({ method: 'debug_traceTransaction', params } as never);
  };
  const touched = (await trace(false)) as Prestate;
  const { pre, post } = (await trace(true)) as Diff;
  const warm = new Set([transaction.from, transaction.to, block.miner].map((each) => `${each}`));
  const others = Object.keys(touched).filter((address) => !warm.has(address));
  const logs = receipt.logs.reduce((sum, { topics, data }) => {
    return sum + gas.log + topics.length * gas.topic + ((data.length - 2) / 2) * gas.logByte;
  }, 0);
  const floor =
    gas.transaction +
    bytesGas(transaction.input) +
    slots(touched).length * gas.slotCold +
    writesGas(pre, post) +
    others.length * gas.accountCold +
    logs +
    signatures * gas.recover;
  return { used: Number(receipt.gasUsed), floor };
}

function bytesGas(input: Hex): number {
  const bytes = Buffer.from(input.slice(2), 'hex');
  return bytes.reduce((sum, byte) => sum + (byte === 0 ? gas.byteZero : gas.byte), 0);
}

function slots(state: Prestate): [key: string, value: bigint][] {
  return Object.entries(state).flatMap(([address, { storage = {} }]) =>
    Object.entries(storage).map(([slot, value]): [string, bigint] => {
      return [`${address} ${slot}`, BigInt(value)];
    }),
  );
}

/** Words whose value after the transaction is another; a word that was zero costs most. */
function writesGas(pre: Prestate, post: Prestate): number {
  const before = new Map(slots(pre));
  const after = new Map(slots(post));
  return [...new Set([...before.keys(), ...after.keys()])].reduce((sum, key) => {
    const was = before.get(key) ?? 0n;
    if (was === (after.get(key) ?? 0n)) return sum;
    return sum + (was === 0n ? gas.slotNew : gas.slotChanged);
  }, 0);
}
