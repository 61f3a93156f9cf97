/**
 * What the operator does about members below maintenance, again and again: it closes them, and puts
 * in from its own wallet, up to a cap, what one that is flat owes. What it is at, the operator
 * alone is told: the pool's public state must not show a member's.
 */
import { iConfidentialPoolAbi } from '@holdfast/abi';
import { errorMessage, type Logger } from '@holdfast/host';
import type { Client } from '@holdfast/sdk';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { type Abi, erc20Abi } from 'viem';
import { memberOf } from './book.ts';
import { owedBy } from './closing.ts';
import type { ClosingStep } from './closing-desk.ts';
import type { PoolInfo } from './contract.ts';
import type { Desk } from './desk.ts';
import type { Followed } from './follow.ts';
import { memberHealth, uncovered } from './margin.ts';

/** Sends calls one after the other, so that two do not take one number of the wallet. */
export type Send = ReturnType<typeof createSend>;

export function createSend(client: Pick<Client, 'chain'>) {
  type Call = Parameters<ReturnType<Client['chain']>['call']>[0];
  let turn: Promise<unknown> = Promise.resolve();
  return (call: Call) => {
    const next = turn.then(() => client.chain().call(call));
    turn = next.catch(() => undefined);
    return next;
  };
}

export type CloserRules = {
  /** Farthest that a limit is from the mark, ppm of it. */
  readonly slipPpm: number;
  /** Most that the operator puts in for others in all, quote units. */
  readonly coverQuote: bigint;
};

export type CloserDeps = {
  readonly rules: CloserRules;
  readonly info: Pick<PoolInfo, 'pool' | 'scale'>;
  readonly desk: Pick<Desk, 'close'>;
  readonly state: () => Followed;
  readonly token: Hex;
  /** Sends a call from the operator's wallet. */
  readonly send: Send;
  /** Waits until the book has a block. */
  readonly waitFor: (block: number) => Promise<void>;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
};

/** What is being done about a member. */
export type Uncovered = {
  readonly number: number;
  readonly member: string;
  readonly equity: bigint;
  readonly maintenance: bigint;
  /** Where it stands: `sent`, `waiting`, `covering`, or the code of what stops it. */
  readonly step: string;
  readonly message?: string;
};

type Told = { readonly step: string; readonly message?: string };

const told = (result: ClosingStep | Rejection): Told =>
  isRejection(result) ? { step: result.code, message: result.message } : { step: result.step };

/** Puts in what a flat member owes. Undefined: it is in the book. */
async function cover(d: CloserDeps, number: number): Promise<Rejection | undefined> {
  const { book, coveredQuote } = d.state();
  const owed = owedBy(book, number);
  if (owed === 0n) return undefined;
  const left = d.rules.coverQuote - coveredQuote;
  if (owed > left) {
    const may = left > 0n ? left : 0n;
    const text = `member ${number} owes ${owed} quote units, ${may} may still be put in for it`;
    return reject('CoverShort', text, { owed: `${owed}`, left: `${may}` });
  }
  const amount = owed * d.info.scale;
  const approve = { address: d.token, abi: erc20Abi as Abi, functionName: 'approve' };
  const approved = await d.send({ ...approve, args: [d.info.pool, amount] });
  if (isRejection(approved)) return approved;
  const deposit = {
    address: d.info.pool,
    abi: iConfidentialPoolAbi as Abi,
    functionName: 'deposit',
  };
  const { address } = memberOf(book, number);
  const done = await d.send({ ...deposit, args: [address as Hex, amount] });
  if (isRejection(done)) return done;
  await d.waitFor(done.block);
  return undefined;
}

async function stepOf(d: CloserDeps, number: number): Promise<Told> {
  try {
    const result = await d.desk.close(number, d.rules.slipPpm);
    if (isRejection(result) || result.step !== 'flat') return told(result);
    const fault = await cover(d, number);
    return fault ? told(fault) : { step: 'covering' };
  } catch (error) {
    const { code } = error as { code?: string };
    return { step: code ?? 'Internal', message: errorMessage(error) };
  }
}

export function createCloser(d: CloserDeps) {
  const last = new Map<number, Told>();

  /** Says what is new only: the loop comes by twice a second. */
  function note(number: number, now: Told): void {
    const before = last.get(number);
    last.set(number, now);
    if (before?.step === now.step && now.step !== 'sent') return;
    const { equity, maintenance } = memberHealth(d.state().book, number);
    const text = 'a member is below maintenance';
    d.logger.warn(
      { member: number, ...now, equity: `${equity}`, maintenance: `${maintenance}` },
      text,
    );
  }

  return {
    /** One step for each member that is below maintenance. True: there is none (any more). */
    async pass(): Promise<boolean> {
      if (d.state().lapsedTime !== 0) return true;
      for (const number of uncovered(d.state().book)) note(number, await stepOf(d, number));
      const still = new Set(uncovered(d.state().book));
      for (const number of [...last.keys()].filter((each) => !still.has(each))) {
        last.delete(number);
        d.logger.info({ member: number }, 'a member is above maintenance again');
      }
      return still.size === 0;
    },
    /** For the operator's eyes. */
    view(): Uncovered[] {
      const { book } = d.state();
      return uncovered(book).map((number) => {
        const { equity, maintenance } = memberHealth(book, number);
        const at = last.get(number) ?? { step: 'waiting' };
        return { number, member: memberOf(book, number).address, equity, maintenance, ...at };
      });
    },
  };
}

export type Closer = ReturnType<typeof createCloser>;
