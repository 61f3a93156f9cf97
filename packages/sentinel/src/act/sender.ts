/**
 * Transactions of one key over several endpoints: each is sent to all of them and its fee raised at
 * every block until it is in, up to a bound.
 */
import { errorMessage, type Logger } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { keccak256, type LocalAccount } from 'viem';
import type { Endpoint } from '../chain/endpoint.ts';

/** Fees of a transaction, wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What was sent and waits. */
export interface Flight {
  nonce: number;
  readonly to: Hex;
  readonly gas: bigint;
  readonly data: Hex;
  readonly label: string;
  fees: Fees;
  hashes: Hex[];
  /** Block at which it was sent last. */
  block: number;
  readonly sentAtBlock: number;
}

/** What became of a transaction. */
export interface Landed {
  readonly label: string;
  readonly hash: Hex;
  readonly block: number;
  readonly success: boolean;
  readonly blocksWaited: number;
}

export interface SenderOptions {
  readonly account: LocalAccount;
  readonly chainId: number;
  /** Where it sends to, and with how much gas, unless told. */
  readonly to: Hex;
  readonly gas: bigint;
  /** Most that a gas may cost, wei; beyond it a transaction is not raised. */
  readonly feeMax: bigint;
  /** Endpoints to send to and to ask, the best first. */
  readonly endpoints: () => readonly Endpoint[];
  readonly logger: Logger;
}

export interface Sender {
  /** Asks for the next number and signs once for nothing: what is slow the first time. */
  warm(): Promise<void>;
  /** Sends; resolves once it was handed to the endpoints. */
  send(
    label: string,
    data: Hex,
    at: { block: number; baseFee: bigint; above?: bigint },
    where?: { readonly to: Hex; readonly gas: bigint },
  ): Promise<void>;
  /** Told of every block: what landed, and raises the rest. */
  tick(block: number, baseFee: bigint): Promise<readonly Landed[]>;
  readonly flights: () => readonly Flight[];
}

const gwei = 10n ** 9n;
/** A node takes a replacement from a tenth more; this is a quarter more. */
const raised = (fee: bigint): bigint => (fee * 5n) / 4n + 1n;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Fees that are in at this base fee, above a rival's tip and above those paid before. */
export function feesFor(
  baseFee: bigint,
  feeMax: bigint,
  { above = 0n, before }: { above?: bigint; before?: Fees | undefined },
): Fees {
  let tip = larger(2n * gwei, raised(above));
  // Each block that passes doubles the tip: a race is won within a few blocks or not at all.
  if (before !== undefined)
    tip = larger(
      tip,
      larger(raised(before.maxPriorityFeePerGas), before.maxPriorityFeePerGas * 2n),
    );
  let most = baseFee * 2n + tip;
  if (before !== undefined) most = larger(most, raised(before.maxFeePerGas));
  return { maxFeePerGas: smaller(most, feeMax), maxPriorityFeePerGas: smaller(tip, feeMax) };
}

/** Transactions of the account that are in blocks. @throws EnvironmentError NoEndpoint */
async function nonceOf({ endpoints, account }: SenderOptions): Promise<number> {
  const answers = await Promise.allSettled(
    endpoints().map((each) =>
      each.call('eth_getTransactionCount', [account.address, 'latest'], 3_000),
    ),
  );
  const counts = answers
    .filter((answer) => answer.status === 'fulfilled')
    .map((answer) => Number(answer.value));
  if (counts.length > 0) return Math.max(...counts);
  const text = 'no endpoint tells the number of the guardian';
  throw new EnvironmentError('NoEndpoint', text, { retry: true });
}

/** The receipt of any of the forms in which a transaction was sent. */
async function receiptOf({ hashes }: Flight, endpoints: readonly Endpoint[]) {
  for (const hash of hashes) {
    for (const each of endpoints) {
      const found = await each
        .call('eth_getTransactionReceipt', [hash], 3_000)
        .catch(() => undefined);
      if (found) return { hash, receipt: found as { status: string; blockNumber: string } };
    }
  }
  return undefined;
}

/** Makes a sender; the next number of the key is asked for at the first use. */
export function createSender(options: SenderOptions): Sender {
  const { account, chainId, to, gas, feeMax, endpoints, logger } = options;
  const flights: Flight[] = [];
  let next: number | undefined;
  /** @returns whether an endpoint took it */
  async function hand(flight: Flight): Promise<boolean> {
    const { nonce, to, gas, data, fees } = flight;
    const fields = { type: 'eip1559', chainId, nonce, to, data, gas, ...fees } as const;
    const raw = await account.signTransaction(fields);
    flight.hashes.push(keccak256(raw));
    const sent = await Promise.allSettled(
      endpoints().map((each) => each.call('eth_sendRawTransaction', [raw], 3_000)),
    );
    const failed = sent.filter((one) => one.status === 'rejected');
    if (failed.length < sent.length) return true;
    const reason = failed[0] === undefined ? 'no endpoint' : errorMessage(failed[0].reason);
    logger.warn({ label: flight.label, reason }, 'a transaction was not taken');
    return false;
  }

  return {
    flights: () => flights,
    async warm() {
      const fields = { type: 'eip1559', chainId, nonce: 0, to, gas } as const;
      await account.signTransaction({ ...fields, ...feesFor(0n, feeMax, {}) });
      next = await nonceOf(options);
    },
    async send(label, data, { block, baseFee, above = 0n }, where = { to, gas }) {
      next ??= await nonceOf(options);
      const fees = feesFor(baseFee, feeMax, { above });
      const place = { ...where, hashes: [], block, sentAtBlock: block };
      const flight: Flight = { nonce: next, data, label, fees, ...place };
      next += 1;
      flights.push(flight);
      logger.info({ label, nonce: flight.nonce, tip: fees.maxPriorityFeePerGas }, 'sending');
      if (await hand(flight)) return;
      // Nobody took it: most likely the number is another one by now.
      const count = await nonceOf(options);
      if (count === flight.nonce) return;
      flight.nonce = count;
      next = count + 1;
      await hand(flight);
    },
    async tick(block, baseFee) {
      const landed: Landed[] = [];
      if (flights.length === 0) return landed;
      const count = await nonceOf(options).catch(() => undefined);
      for (const flight of [...flights]) {
        if (count !== undefined && count > flight.nonce) {
          const found = await receiptOf(flight, endpoints());
          flights.splice(flights.indexOf(flight), 1);
          // Gone without a receipt: another of this key took its number.
          const at = Number(found?.receipt.blockNumber ?? block);
          landed.push({
            label: flight.label,
            hash: found?.hash ?? (flight.hashes.at(-1) as Hex),
            block: at,
            success: found?.receipt.status === '0x1',
            blocksWaited: at - flight.sentAtBlock,
          });
        } else if (block > flight.block) {
          flight.block = block;
          flight.fees = feesFor(baseFee, feeMax, { before: flight.fees });
          logger.info({ label: flight.label, fee: flight.fees.maxFeePerGas }, 'raising the fee');
          await hand(flight);
        }
      }
      return landed;
    },
  };
}
