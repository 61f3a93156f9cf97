/**
 * What a sentinel does on chain, and all that it can do: tighten within the bounds of the breaker,
 * confirm the veto of withdrawals that wait, and say that it is alive. The same entry is not sent
 * twice while it is under way, in force, or voted for a short while ago, the same veto never.
 */
import { errorMessage, type Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import { call } from '../chain/call.ts';
import type { Endpoint } from '../chain/endpoint.ts';
import type { Action } from '../rule.ts';
import {
  beatData,
  type Entry,
  type Evidence,
  entriesOf,
  entryKey,
  guardianAbi,
  tightenData,
  vetoData,
} from './breaker.ts';
import { createSender, type Flight, type Landed, type Sender } from './sender.ts';

/** Where the chain stands when something is done. */
export interface Now {
  readonly block: number;
  readonly baseFee: bigint;
  /** Time of the block, seconds. */
  readonly time: number;
  /** Level in force of a scope. */
  readonly level: (scope: number) => number;
}

export interface GuardianStanding {
  readonly address: string;
  readonly isGuardian: boolean;
  readonly waiting: readonly string[];
  readonly sent: number;
  readonly landed: number;
  readonly beats: number;
  /** Second at which silence would count, 0: nothing counts it. */
  readonly silentAt: number;
}

export interface Guardian {
  /** Wants an action; what of it is not redundant is sent. */
  act(action: Action, evidence: Evidence, now: Now, above?: bigint): Promise<void>;
  /** Confirms the veto of withdrawals, by number; the vault leaves out what it cannot stop. */
  veto(ids: readonly bigint[], law: string, now: Now): Promise<void>;
  /** Told of every block, and whether the sentinel does its work: only then it beats. */
  tick(now: Now, healthy: boolean): Promise<void>;
  readonly standing: () => GuardianStanding;
  readonly onLanded: (told: (landed: Landed) => void) => void;
}

export interface GuardianOptions {
  readonly account: LocalAccount;
  readonly chainId: number;
  readonly breaker: Hex;
  readonly vault: Hex;
  readonly endpoints: () => readonly Endpoint[];
  readonly logger: Logger;
  readonly feeMax: bigint;
}

/** Votes count for ten minutes; a new one is worth its gas only after that. */
const voteSeconds = 600;
const gas = 900_000n;
/** Vetoes of one transaction, and the gas that one takes at most. */
const vetoesMax = 20;
const vetoGas = 120_000n;

/** Part of the silence after which it is broken. */
const beatShare = 3;

/** Confirms each veto once; says how many transactions that took. */
function vetoing(sender: Sender, vault: Hex) {
  const done = new Set<bigint>();
  return async (ids: readonly bigint[], law: string, now: Now): Promise<number> => {
    const left = ids.filter((id) => !done.has(id));
    let sent = 0;
    for (let from = 0; from < left.length; from += vetoesMax, sent += 1) {
      const part = left.slice(from, from + vetoesMax);
      for (const id of part) done.add(id);
      const where = { to: vault, gas: gas + vetoGas * BigInt(part.length) };
      await sender.send(`veto ${part.join(' ')} for ${law}`, vetoData(part), now, where);
    }
    return sent;
  };
}

export async function createGuardian(options: GuardianOptions): Promise<Guardian> {
  const { account, breaker, endpoints, logger } = options;
  const sender = createSender({ ...options, to: breaker, gas });
  const read = <T>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    call<T>(endpoints(), { to: breaker, abi: guardianAbi, functionName, args });
  const holdSecondsMax = Number(await read<bigint>('holdSecondsMax'));
  const isGuardian = await read<boolean>('isGuardian', [account.address]);
  await sender.warm();
  const asked = new Map<string, number>();
  const veto = vetoing(sender, options.vault);
  const listeners: ((landed: Landed) => void)[] = [];
  const counts = { sent: 0, landed: 0, beats: 0 };
  let silentAt = 0;
  let silenceSeconds = 0;
  let beatAt = 0;

  const redundant = (entry: Entry, now: Now): boolean => {
    if (now.level(entry.scope) >= entry.level) return true;
    const at = asked.get(entryKey(entry));
    return at !== undefined && now.time - at < voteSeconds;
  };

  async function beat(now: Now): Promise<void> {
    if (now.time < beatAt || sender.flights().length > 0) return;
    silentAt = Number(await read<bigint>('silentAt'));
    if (silentAt === 0) {
      beatAt = now.time + voteSeconds;
      return;
    }
    silenceSeconds = Math.max(silenceSeconds, silentAt - now.time);
    const due = silentAt - silenceSeconds + Math.floor(silenceSeconds / beatShare);
    beatAt = due;
    if (now.time < due) return;
    counts.beats += 1;
    await sender.send('beat', beatData(), now);
    beatAt = now.time + Math.floor(silenceSeconds / beatShare);
  }

  return {
    onLanded: (told) => void listeners.push(told),
    standing: () => ({
      address: account.address,
      isGuardian,
      waiting: sender.flights().map(({ label }: Flight) => label),
      ...counts,
      silentAt,
    }),
    async act(action, evidence, now, above = 0n) {
      const entries = entriesOf(action, holdSecondsMax).filter((entry) => !redundant(entry, now));
      if (entries.length === 0) return;
      for (const entry of entries) asked.set(entryKey(entry), now.time);
      counts.sent += 1;
      const label = `tighten ${entries.map(entryKey).join(' ')} for ${evidence.law}`;
      await sender.send(label, tightenData(entries, evidence), { ...now, above });
    },
    async veto(ids, law, now) {
      if (isGuardian) counts.sent += await veto(ids, law, now);
    },
    async tick(now, healthy) {
      for (const landed of await sender.tick(now.block, now.baseFee)) {
        counts.landed += Number(landed.success);
        for (const told of listeners) told(landed);
        // What failed may be wanted again at once.
        if (!landed.success) asked.clear();
      }
      if (!isGuardian || !healthy) return;
      await beat(now).catch((error) => {
        logger.warn({ problem: errorMessage(error) }, 'could not say that it is alive');
      });
    },
  };
}
