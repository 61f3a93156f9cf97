/**
 * A signer's desk: instructions that members asked it to sign or its operator put there, what came of
 * looking at each, and the operator's word. The committee asks without waiting, so a first request
 * is answered with `Examining`, and the next one with what was found.
 */
import { errorMessage, type Logger } from '@holdfast/host';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import {
  type Examination,
  type Examiner,
  examine,
  release,
  type Shown,
  shownOf,
} from './examine.ts';
import { decodeInstruction, type Instruction, instructionDigest } from './instruction.ts';

/** How long a finding answers for, wall ms. */
const findingMs = 2_000;
/** How long after it was let go a signature may be given, wall ms. */
const clearedMs = 60_000;
/** How long an operator's approval lasts, wall ms. */
const approvedMs = 3_600_000;
/** Most instructions of one party that lie here. */
const itemsMax = 16;

export type ItemState = 'examining' | 'refused' | 'waits for a person' | 'approved' | 'signed';

/** An instruction at a desk, for its operator. */
export type Item = {
  readonly state: ItemState;
  readonly from: string;
  readonly shown: Shown;
  /** What an approval has to name. */
  readonly seen: Hex;
  readonly refusals: readonly Rejection[];
  readonly doubts: readonly Rejection[];
};

type Entry = {
  readonly instruction: Instruction;
  readonly digest: Hex;
  readonly from: string;
  found: Examination | undefined;
  foundAt: number;
  running: Promise<void> | undefined;
  approved: { readonly seen: Hex; readonly until: number } | undefined;
  clearedUntil: number;
};

export interface Desk {
  /**
   * Answers the committee at once.
   * @param from who asks
   * @returns undefined to sign; `Examining` until it is known
   */
  judge(message: Uint8Array, from: string): Rejection | undefined;
  /** Looks at an instruction now. */
  look(message: Uint8Array, from: string): Promise<Item | Rejection>;
  items(): readonly Item[];
  /** The operator has seen this and wants it. */
  approve(seen: Hex): Promise<Item | Rejection>;
  /** The operator does not want it: this digest is never signed here. */
  refuse(digest: Hex): Promise<Rejection | undefined>;
}

const examining = reject('Examining', 'it is being looked at: ask again');
const operatorRefused = reject('OperatorRefused', 'its operator refused this instruction');

/** @param logger hears what was refused and why; nothing in it is secret */
export function createDesk(examiner: Examiner, logger: Logger): Desk {
  const { book, clock, ledger } = examiner;
  const entries = new Map<Hex, Entry>();

  function entryOf(message: Uint8Array, from: string): Entry | Rejection {
    const instruction = decodeInstruction(message);
    if (isRejection(instruction)) return instruction;
    const digest = instructionDigest(book, instruction);
    const known = entries.get(digest);
    if (known !== undefined) return known;
    const now = clock.now();
    for (const [key, { instruction: old }] of entries) if (old.expiry < now) entries.delete(key);
    const count = [...entries.values()].filter((each) => each.from === from).length;
    if (count >= itemsMax) return reject('DeskFull', `${from} has ${count} instructions here`);
    const blank = { found: undefined, foundAt: 0, running: undefined, approved: undefined };
    const made: Entry = { instruction, digest, from, ...blank, clearedUntil: 0 };
    entries.set(digest, made);
    return made;
  }

  const isApproved = ({ approved, found }: Entry): boolean =>
    approved !== undefined && approved.until > Date.now() && approved.seen === found?.seen;

  /** Whether a person has to be asked still; undefined: it may be signed. */
  function standing(entry: Entry): Rejection | undefined {
    const { found, digest } = entry;
    if (ledger.isRefused(digest)) return operatorRefused;
    if (found === undefined) return examining;
    const [refusal] = found.refusals;
    if (refusal !== undefined) return refusal;
    if (found.doubts.length === 0 || isApproved(entry)) return undefined;
    const why = found.doubts.map(({ message }) => message).join('; ');
    return reject('ApprovalMissing', `a person has to approve it: ${why}`);
  }

  async function study(entry: Entry, isAsked: boolean): Promise<void> {
    entry.found = await examine(examiner, entry.instruction);
    entry.foundAt = Date.now();
    const no = standing(entry);
    if (no === undefined && isAsked) {
      await release(examiner, entry.found);
      entry.clearedUntil = Date.now() + clearedMs;
    }
    const { digest, from } = entry;
    if (no !== undefined) {
      logger.info({ digest, from, code: no.code, reason: no.message }, 'an instruction waits');
    }
  }

  /** One examination after another: two at once could both fit what is left of a day. */
  let queue: Promise<void> = Promise.resolve();
  function start(entry: Entry, isAsked: boolean): Promise<void> {
    entry.running ??= queue
      .then(() => study(entry, isAsked))
      .catch((error) => {
        entry.found = undefined;
        logger.error({ digest: entry.digest, error: errorMessage(error) }, 'an examination failed');
      })
      .finally(() => {
        entry.running = undefined;
      });
    queue = entry.running;
    return entry.running;
  }

  function stateOf(entry: Entry): ItemState {
    if (entry.found === undefined) return 'examining';
    if (entry.clearedUntil > 0) return 'signed';
    const no = standing(entry);
    if (no === undefined) return 'approved';
    return no.code === 'ApprovalMissing' ? 'waits for a person' : 'refused';
  }

  function itemOf(entry: Entry): Item {
    const { found, digest, instruction, from } = entry;
    const none = { calls: [], effects: [], facts: undefined, refusals: [], doubts: [] };
    const of = found ?? { digest, instruction, ...none };
    const own = ledger.isRefused(digest) ? [operatorRefused] : [];
    return {
      state: stateOf(entry),
      from,
      shown: shownOf(book, of),
      seen: found?.seen ?? '0x',
      refusals: [...own, ...of.refusals],
      doubts: of.doubts,
    };
  }

  return {
    judge(message, from) {
      const entry = entryOf(message, from);
      if (isRejection(entry)) return entry;
      if (ledger.isRefused(entry.digest)) return operatorRefused;
      if (entry.clearedUntil > Date.now()) return undefined;
      const no = standing(entry);
      const isFresh = entry.running === undefined && Date.now() - entry.foundAt < findingMs;
      // What may be signed is looked at once more at this moment, and counted, before it is.
      if (isFresh && no !== undefined) return no;
      void start(entry, true);
      return examining;
    },
    async look(message, from) {
      const entry = entryOf(message, from);
      if (isRejection(entry)) return entry;
      await start(entry, false);
      return itemOf(entry);
    },
    items: () => [...entries.values()].map(itemOf),
    async approve(seen) {
      const entry = [...entries.values()].find(({ found }) => found?.seen === seen);
      if (entry === undefined) {
        const text = 'nothing here looks like that (any more): show it again';
        return reject('SeenWrong', text);
      }
      if (ledger.isRefused(entry.digest)) return operatorRefused;
      const [refusal] = entry.found?.refusals ?? [];
      if (refusal !== undefined) return refusal;
      entry.approved = { seen, until: Date.now() + approvedMs };
      logger.info({ digest: entry.digest, seen }, 'its operator approved an instruction');
      return itemOf(entry);
    },
    async refuse(digest) {
      const entry = entries.get(digest);
      if (entry === undefined) return reject('InstructionUnknown', `${digest} is not here`);
      entry.approved = undefined;
      entry.clearedUntil = 0;
      await ledger.refuse(digest, entry.instruction.expiry, clock.now());
      logger.info({ digest }, 'its operator refused an instruction');
      return undefined;
    },
  };
}
