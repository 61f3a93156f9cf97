/**
 * Overdue forced requests: whoever executes one earns its fee, and a close comes with a price that
 * is better the later it is. What waits for a price that nobody brings is set aside, and executed
 * when there is one. Freezes the venue when it does not serve its queue any more.
 */
import { clearingHouseAbi, forcedQueueAbi, iOracleAbi } from '@holdfast/abi';
import type { ChainReader, Venue } from '@holdfast/host';
import { forcedInTurn, freezeLawful } from '@holdfast/laws';
import type { Hex } from 'viem';

/** The queue as a keeper sees it. */
export interface QueueView {
  readonly address: Hex;
  readonly frozenTime: number;
  readonly next: bigint;
  readonly count: bigint;
  /** Deadline of the next request; 0 when none waits. */
  readonly deadline: number;
  readonly graceSeconds: number;
  /** The oldest requests that are aside, in order. */
  readonly asides: readonly bigint[];
  /** Deadline of the oldest of them; 0 when there is none. */
  readonly asideDeadline: number;
  readonly asideSeconds: number;
  readonly reportTime: number;
  readonly feeWei: bigint;
  /** Fees that this keeper may collect, wei. */
  readonly owed: bigint;
  /** Time of the chain's head. */
  readonly time: number;
}

/** What is to be done about the queue now. */
export type QueueDuty = 'nothing' | 'execute' | 'freeze' | 'collect';

/** Seconds without a report after which a venue may be frozen: as in the contract. */
const silenceSeconds = 7 * 86_400;
/** Fees worth the gas of collecting them. */
const feesAtOnce = 10n;
/** Halvings of a close that is too large for the keeper's margin. */
const triesMax = 8;
/** Requests aside that are looked at in one turn. */
const asidesAtOnce = 8;

/** What the laws allow a keeper to do now, the most urgent first. Pure. */
export function queueDuty(view: QueueView): QueueDuty {
  const { next, count, deadline, time, owed, feeWei } = view;
  if (view.frozenTime !== 0) return owed > 0n ? 'collect' : 'nothing';
  const whose = { bySequencer: false, aside: false };
  const turn = { number: next, done: next - 1n, count, deadline, nowTime: time, ...whose };
  // A request that can still be served saves the venue: it is tried before anything is frozen.
  if (forcedInTurn(turn) || view.asides.length > 0) return 'execute';
  if (mayFreeze(view)) return 'freeze';
  return owed > 0n && owed >= feesAtOnce * feeWei ? 'collect' : 'nothing';
}

/** Whether the venue may be frozen, once serving it has failed. Pure. */
export function mayFreeze(view: QueueView): boolean {
  const { next, count, deadline, asides, asideDeadline, time: nowTime } = view;
  const { graceSeconds, asideSeconds, reportTime } = view;
  const waits = { waiting: next <= count, deadline, aside: asides.length > 0, asideDeadline };
  const terms = { graceSeconds, asideSeconds, silenceSeconds };
  return freezeLawful({ ...waits, ...terms, reportTime, nowTime });
}

/** A request, as far as a keeper looks at it. */
export interface ForcedAim {
  readonly isClose: boolean;
  readonly account: number;
  readonly market: number;
  /** Lots of a close, at most. */
  readonly amount: bigint;
}

/**
 * Lots of a close to try, most first: what the margin allows is found by asking. What needs no
 * taker, or has no position any more, is tried with none.
 *
 * @param size position of the account that asked
 */
export function lotsToTry({ isClose, amount }: ForcedAim, size: number): bigint[] {
  if (!isClose || size === 0) return [0n];
  const held = BigInt(Math.abs(size));
  const tries: bigint[] = [];
  let lots = held < amount ? held : amount;
  for (; lots > 0n && tries.length < triesMax; lots /= 2n) tries.push(lots);
  return tries;
}

/** A reader of the queue; undefined for a venue without one. */
export function createQueueReader(venue: Venue, reader: ChainReader, keeper: Hex) {
  const house = { address: venue.contracts.clearingHouse, abi: clearingHouseAbi } as const;
  const oracle = { address: venue.contracts.oracle, abi: iOracleAbi } as const;
  let address: Hex | undefined;
  let terms: { graceSeconds: number; asideSeconds: number; feeWei: bigint } | undefined;

  /** Those aside, from the oldest. */
  async function asidesOf(from: bigint): Promise<bigint[]> {
    const queue = { address: address as Hex, abi: forcedQueueAbi } as const;
    const found: bigint[] = [];
    for (let number = from; number !== 0n && found.length < asidesAtOnce; ) {
      found.push(number);
      const args = [number] as const;
      number = await reader.readContract({ ...queue, functionName: 'asideAfter', args });
    }
    return found;
  }

  return {
    async view(): Promise<QueueView> {
      address ??= await reader.readContract({ ...house, functionName: 'forcedQueue' });
      const queue = { address, abi: forcedQueueAbi } as const;
      if (terms === undefined) {
        const grace = await reader.readContract({ ...queue, functionName: 'graceSeconds' });
        const feeWei = await reader.readContract({ ...queue, functionName: 'feeWei' });
        const aside = await reader.readContract({ ...queue, functionName: 'asideSeconds' });
        terms = { graceSeconds: Number(grace), asideSeconds: Number(aside), feeWei };
      }
      const [state, aside, frozen, last, owed, block] = await Promise.all([
        reader.readContract({ ...queue, functionName: 'state' }),
        reader.readContract({ ...queue, functionName: 'aside' }),
        reader.readContract({ ...house, functionName: 'frozenTime' }),
        reader.readContract({ ...oracle, functionName: 'last' }),
        reader.readContract({ ...queue, functionName: 'owed', args: [keeper] }),
        reader.getBlock(),
      ]);
      const [next, count, deadline] = state;
      return {
        ...terms,
        address,
        frozenTime: Number(frozen),
        next,
        count,
        deadline: Number(deadline),
        asides: await asidesOf(aside[0]),
        asideDeadline: Number(aside[1]),
        reportTime: Number(last[1]),
        owed,
        time: Number(block.timestamp),
      };
    },
    /** What a request is about. */
    async request(number: bigint): Promise<ForcedAim> {
      const queue = { address: address as Hex, abi: forcedQueueAbi } as const;
      const row = await reader.readContract({
        ...queue,
        functionName: 'requestOf',
        args: [number],
      });
      const { kind, account, market, amount } = row;
      return { isClose: kind === 2, account, market, amount };
    },
  };
}

export type QueueReader = ReturnType<typeof createQueueReader>;
