/**
 * A signer's desk: instructions that members asked it to sign or its operator put there, what came
 * of looking at each, and the operator's word. The committee asks without waiting, so a first
 * request is answered with `Examining`, and the next one with what was found.
 */
import { errorMessage, type Logger } from '@holdfast/host';
import { examining as code } from '@holdfast/quorum';
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

export type ItemState =
  | 'examining'
  | 'refused'
  | 'waits for a person'
  | 'approved'
  | 'goes without a person'
  | 'signed';

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
  /** Why nothing was found: our own machine failed. */
  failure: Rejection | undefined;
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

const examining = reject(code, 'it is being looked at: ask again');
const operatorRefused = reject('OperatorRefused', 'its operator refused this instruction');

/** What a desk works with. */
type Inside = {
  readonly examiner: Examiner;
  readonly logger: Logger;
  readonly entries: Map<Hex, Entry>;
  /** One examination after another: two at once could both fit what is left of a day. */
  queue: Promise<void>;
};

function entryOf({ examiner, entries }: Inside, message: Uint8Array, from: string) {
  const instruction = decodeInstruction(message);
  if (isRejection(instruction)) return instruction;
  const digest = instructionDigest(examiner.book, instruction);
  const known = entries.get(digest);
  if (known !== undefined) return known;
  const now = examiner.clock.now();
  for (const [key, { instruction: old }] of entries) if (old.expiry < now) entries.delete(key);
  const count = [...entries.values()].filter((each) => each.from === from).length;
  if (count >= itemsMax) return reject('DeskFull', `${from} has ${count} instructions here`);
  const blank = { found: undefined, failure: undefined, running: undefined, approved: undefined };
  const made: Entry = { instruction, digest, from, ...blank, foundAt: 0, clearedUntil: 0 };
  entries.set(digest, made);
  return made;
}

const isApproved = ({ approved, found }: Entry): boolean =>
  approved !== undefined && approved.until > Date.now() && approved.seen === found?.seen;

/** Why it may not be signed as it was found; undefined: it may. */
function standing({ examiner }: Inside, entry: Entry): Rejection | undefined {
  const { found, digest, failure } = entry;
  if (examiner.ledger.isRefused(digest)) return operatorRefused;
  if (failure !== undefined) return failure;
  if (found === undefined) return examining;
  const [refusal] = found.refusals;
  if (refusal !== undefined) return refusal;
  if (found.doubts.length === 0 || isApproved(entry)) return undefined;
  const why = found.doubts.map(({ message }) => message).join('; ');
  return reject('ApprovalMissing', `a person has to approve it: ${why}`);
}

async function study(d: Inside, entry: Entry, isAsked: boolean): Promise<void> {
  entry.found = await examine(d.examiner, entry.instruction);
  entry.failure = undefined;
  entry.foundAt = Date.now();
  const no = standing(d, entry);
  const { digest, from } = entry;
  if (no !== undefined) {
    const { code, message: reason } = no;
    d.logger.info({ digest, from, code, reason }, 'an instruction is not signed');
  } else if (isAsked) {
    // Counted on disk first: whatever happens then, it is not forgotten.
    await release(d.examiner, entry.found);
    entry.clearedUntil = Date.now() + clearedMs;
  }
}

function start(d: Inside, entry: Entry, isAsked: boolean): Promise<void> {
  const { digest } = entry;
  entry.running ??= d.queue
    .then(() => study(d, entry, isAsked))
    .catch((error) => {
      const why = errorMessage(error);
      entry.found = undefined;
      entry.foundAt = Date.now();
      entry.failure = reject('ExaminationFailed', `the signer could not do its work: ${why}`);
      d.logger.error({ digest, error: why }, 'an examination failed');
    })
    .finally(() => {
      entry.running = undefined;
    });
  d.queue = entry.running;
  return entry.running;
}

function stateOf(d: Inside, entry: Entry): ItemState {
  const no = standing(d, entry);
  if (entry.found === undefined) return entry.failure === undefined ? 'examining' : 'refused';
  if (no?.code === 'OperatorRefused') return 'refused';
  if (entry.clearedUntil > 0) return 'signed';
  if (no === undefined)
    return entry.found.doubts.length === 0 ? 'goes without a person' : 'approved';
  return no.code === 'ApprovalMissing' ? 'waits for a person' : 'refused';
}

function itemOf(d: Inside, entry: Entry): Item {
  const { found, digest, instruction, from } = entry;
  const none = { calls: [], effects: [], facts: undefined, refusals: [], doubts: [] };
  const of = found ?? { digest, instruction, ...none };
  const own = d.examiner.ledger.isRefused(digest) ? [operatorRefused] : [];
  if (entry.failure !== undefined) own.push(entry.failure);
  return {
    state: stateOf(d, entry),
    from,
    shown: shownOf(d.examiner.book, of),
    seen: found?.seen ?? '0x',
    refusals: [...own, ...of.refusals],
    doubts: of.doubts,
  };
}

function judge(d: Inside, entry: Entry): Rejection | undefined {
  if (d.examiner.ledger.isRefused(entry.digest)) return operatorRefused;
  if (entry.clearedUntil > Date.now()) return undefined;
  const no = standing(d, entry);
  const isFresh = entry.running === undefined && Date.now() - entry.foundAt < findingMs;
  if (isFresh && no !== undefined) return no;
  // What may be signed is looked at once more at this moment, and counted, before it is.
  void start(d, entry, true);
  return examining;
}

function approve(d: Inside, seen: Hex): Item | Rejection {
  const entry = [...d.entries.values()].find(({ found }) => found?.seen === seen);
  if (entry === undefined) {
    return reject('SeenWrong', 'nothing here looks like that (any more): show it again');
  }
  if (d.examiner.ledger.isRefused(entry.digest)) return operatorRefused;
  const [refusal] = entry.found?.refusals ?? [];
  if (refusal !== undefined) return refusal;
  entry.approved = { seen, until: Date.now() + approvedMs };
  d.logger.info({ digest: entry.digest, seen }, 'its operator approved an instruction');
  return itemOf(d, entry);
}

async function refuse(d: Inside, digest: Hex): Promise<Rejection | undefined> {
  const entry = d.entries.get(digest);
  if (entry === undefined) return reject('InstructionUnknown', `${digest} is not here`);
  entry.approved = undefined;
  entry.clearedUntil = 0;
  const { ledger, clock } = d.examiner;
  await ledger.refuse(digest, entry.instruction.expiry, clock.now());
  d.logger.info({ digest }, 'its operator refused an instruction');
  return undefined;
}

/** @param logger hears what was refused and why; nothing in it is secret */
export function createDesk(examiner: Examiner, logger: Logger): Desk {
  const d: Inside = { examiner, logger, entries: new Map(), queue: Promise.resolve() };
  return {
    judge(message, from) {
      const entry = entryOf(d, message, from);
      return isRejection(entry) ? entry : judge(d, entry);
    },
    async look(message, from) {
      const entry = entryOf(d, message, from);
      if (isRejection(entry)) return entry;
      await start(d, entry, false);
      return itemOf(d, entry);
    },
    items: () => [...d.entries.values()].map((entry) => itemOf(d, entry)),
    approve: async (seen) => approve(d, seen),
    refuse: (digest) => refuse(d, digest),
  };
}
