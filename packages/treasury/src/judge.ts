/** A signer's policy, held against an instruction that was read. Pure. */
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { type Book, lower, named, shownAmount } from './book.ts';
import type { Instruction } from './instruction.ts';
import type { Use } from './ledger.ts';
import type { Policy, TokenPolicy } from './policy.ts';
import { callText, type Payment, type ReadCall } from './read.ts';

/** Everything that a judgement needs. */
export type Case = {
  readonly book: Book;
  readonly policy: Policy;
  readonly instruction: Instruction;
  readonly digest: Hex;
  readonly calls: readonly ReadCall[];
  /** Second by the signer's own clock. */
  readonly now: number;
  /** Wall time, for the hours of the policy. */
  readonly wallMs: number;
  readonly used: (token: string) => Use;
  /** Whether another instruction of this number was let go. */
  readonly isTaken: boolean;
};

/** Why it is not signed, and why not without a person. */
export type Verdict = {
  readonly refusals: readonly Rejection[];
  readonly doubts: readonly Rejection[];
};

type Guard = (of: Case) => Verdict;

const none: Verdict = { refusals: [], doubts: [] };
const no = (code: string, message: string): Verdict => ({
  refusals: [reject(code, message)],
  doubts: [],
});
const doubt = (code: string, message: string): Verdict => ({
  refusals: [],
  doubts: [reject(code, message)],
});
const join = (all: readonly Verdict[]): Verdict => ({
  refusals: all.flatMap(({ refusals }) => refusals),
  doubts: all.flatMap(({ doubts }) => doubts),
});

/** What all calls together pay, by token in lower case. */
export function paymentsOf(calls: readonly ReadCall[]): readonly Payment[] {
  return calls.flatMap(({ pays }) => (pays === undefined ? [] : [pays]));
}

type Paid = { readonly of: TokenPolicy; readonly all: readonly Payment[]; readonly sum: bigint };

function paid({ calls, policy }: Case): Paid[] {
  const payments = paymentsOf(calls);
  return [...policy.tokens].flatMap(([at, of]) => {
    const all = payments.filter(({ token }) => lower(token.address) === at);
    const sum = all.reduce((total, { amount }) => total + amount, 0n);
    return all.length === 0 ? [] : [{ of, all, sum }];
  });
}

/** What a policy asks, one question each; none does another's work. */
export const policyGuards = {
  hours({ policy: { hours }, wallMs }) {
    if (hours === undefined) return none;
    const at = new Date(wallMs);
    const minute = at.getUTCHours() * 60 + at.getUTCMinutes();
    const isIn =
      hours.from <= hours.to
        ? minute >= hours.from && minute < hours.to
        : minute >= hours.from || minute < hours.to;
    if (isIn && hours.days.has(at.getUTCDay())) return none;
    return no('HoursClosed', `nothing is signed at ${at.toISOString()}`);
  },
  expiry({ policy: { expirySecondsMax }, instruction: { expiry }, now }) {
    if (expiry <= now) return no('InstructionExpired', `it expired at ${expiry}, now is ${now}`);
    if (expiry - now <= expirySecondsMax) return none;
    return no('ExpiryFar', `it can be brought for ${expiry - now} s, ${expirySecondsMax} at most`);
  },
  length({ policy: { callsMax }, calls }) {
    if (calls.length <= callsMax) return none;
    return no('CallsTooMany', `it has ${calls.length} calls, ${callsMax} at most`);
  },
  once({ isTaken, instruction: { nonce } }) {
    if (!isTaken) return none;
    return doubt('NonceTaken', `another instruction ${nonce} was signed here and can still come`);
  },
  tokens({ policy, calls }) {
    const strange = paymentsOf(calls).filter(
      ({ token }) => !policy.tokens.has(lower(token.address)),
    );
    return join(
      strange.map(({ token }) => no('TokenUnlisted', `this policy pays no ${token.symbol}`)),
    );
  },
  recipients(of) {
    return join(
      paid(of).flatMap(({ of: { recipients, automatic }, all }) =>
        all.map(({ to }): Verdict => {
          const name = named(of.book, to);
          if (recipients && !recipients.has(lower(to))) {
            return no('RecipientRefused', `this policy does not pay ${name}`);
          }
          if (automatic?.recipients === undefined || automatic.recipients.has(lower(to)))
            return none;
          return doubt('RecipientNew', `${name} is paid by a person's word alone`);
        }),
      ),
    );
  },
  amounts(of) {
    return join(
      paid(of).map(({ of: { token, instructionMax, automatic }, sum }): Verdict => {
        const text = shownAmount(token, sum);
        if (instructionMax !== undefined && sum > instructionMax) {
          const most = shownAmount(token, instructionMax);
          return no('InstructionLarge', `it pays ${text}, ${most} at most`);
        }
        if (automatic === undefined) return doubt('ApprovalNeeded', `it pays ${text}`);
        if (sum <= automatic.instructionMax) return none;
        return doubt('AmountLarge', `it pays ${text}, more than goes without a person`);
      }),
    );
  },
  days(of) {
    return join(
      paid(of).map(({ of: { token, dayMax, automatic }, sum }): Verdict => {
        const used = of.used(token.address);
        const all = used.all + sum;
        if (dayMax !== undefined && all > dayMax) {
          const [found, most] = [shownAmount(token, all), shownAmount(token, dayMax)];
          return no('DayLarge', `with it ${found} would go in 24 hours, ${most} at most`);
        }
        if (automatic === undefined || used.automatic + sum <= automatic.dayMax) return none;
        return doubt('DayUsed', `what goes without a person in 24 hours is used up`);
      }),
    );
  },
  calls({ book, policy, calls }) {
    const others = calls.filter(({ isTransfer }) => !isTransfer);
    return join(
      others.map((call): Verdict => {
        const text = callText(book, call);
        const rules = policy.calls.filter(
          (rule) => rule.target === lower(call.target) && rule.function === call.name,
        );
        if (rules.length === 0) return no('CallUnlisted', `this policy does not make ${text}`);
        const fits = rules.filter(({ args }) =>
          [...args].every(([name, allowed]) => allowed.has(`${call.raw[name]}`.toLowerCase())),
        );
        if (fits.length === 0) return no('ArgumentRefused', `not with these arguments: ${text}`);
        if (fits.some(({ automatic }) => automatic)) return none;
        return doubt('CallNeedsPerson', `a person decides on ${text}`);
      }),
    );
  },
} satisfies Record<string, Guard>;

/** Holds the whole policy against an instruction. */
export function judgePolicy(
  of: Case,
  guards: readonly Guard[] = Object.values(policyGuards),
): Verdict {
  return join(guards.map((guard) => guard(of)));
}
