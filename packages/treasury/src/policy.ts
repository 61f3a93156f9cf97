/**
 * What one signer allows: a file that its operator writes. Nothing is signed without a person
 * unless the file says so, and some things not even then.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, type Venue } from '@holdfast/host';
import { EnvironmentError, isRejection, parseDecimal } from '@holdfast/units';
import type { Address } from 'viem';
import { z } from 'zod';
import { addressFor, type Book, bookOf, lower, type Token, tokenFor } from './book.ts';

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address (0x and 40 hex digits)')
  .transform((text) => text as Address);
const amount = z.string().regex(/^\d+(\.\d+)?$/, 'must be an amount as text, such as "12.5"');
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30');
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const who = z.array(z.string().min(1)).min(1);

const tokenSchema = z.strictObject({
  /** Where it is and its decimals; not needed for the venue's collateral. */
  address: address.optional(),
  decimals: z.number().int().min(0).max(36).optional(),
  /** Names or addresses that may be paid; anybody when it is missing. */
  recipients: who.optional(),
  /** Most that one instruction may pay. */
  instructionMax: amount.optional(),
  /** Most that this signer lets go in 24 hours. */
  dayMax: amount.optional(),
  /** What needs no person. */
  automatic: z
    .strictObject({ recipients: who.optional(), instructionMax: amount, dayMax: amount })
    .optional(),
});

const policySchema = z.strictObject({
  version: z.literal(1),
  /** This signer's own node: no other answer counts. The venue file's when it is missing. */
  rpcUrl: z.url().optional(),
  /** Oldest head of that node, seconds. */
  nodeAgeSecondsMax: z.number().int().min(1).max(3600).default(60),
  /** Furthest expiry of an instruction, seconds from now. */
  expirySecondsMax: z.number().int().min(60).max(2_592_000).default(86_400),
  /** Most calls of an instruction. */
  callsMax: z.number().int().min(1).max(64).default(8),
  /** When anything is signed at all, UTC; always when it is missing. */
  hours: z
    .strictObject({ from: time, to: time, days: z.array(z.enum(days)).min(1).optional() })
    .optional(),
  names: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/), address).default({}),
  /** By symbol. A token that is not here is never paid. */
  tokens: z.record(z.string().min(1), tokenSchema),
  /** Calls that are no transfers; one that is not here is never made. */
  calls: z
    .array(
      z.strictObject({
        target: z.string().min(1),
        function: z.string().min(1),
        /** Values that an argument may have, by its name; addresses by name too. */
        args: z.record(z.string(), z.array(z.string())).default({}),
        automatic: z.boolean().default(false),
      }),
    )
    .default([]),
});

/** As it stands in the file. */
export type PolicyFile = z.output<typeof policySchema>;

/** Limits of a token in its smallest units; undefined: none. */
export type TokenPolicy = {
  readonly token: Token;
  readonly recipients: ReadonlySet<string> | undefined;
  readonly instructionMax: bigint | undefined;
  readonly dayMax: bigint | undefined;
  readonly automatic:
    | {
        readonly recipients: ReadonlySet<string> | undefined;
        readonly instructionMax: bigint;
        readonly dayMax: bigint;
      }
    | undefined;
};

export type CallPolicy = {
  readonly target: string;
  readonly function: string;
  readonly args: ReadonlyMap<string, ReadonlySet<string>>;
  readonly automatic: boolean;
};

/** Minutes of a day, UTC; `days` from Sunday 0. */
export type Hours = { readonly from: number; readonly to: number; readonly days: Set<number> };

export type Policy = Pick<PolicyFile, 'nodeAgeSecondsMax' | 'expirySecondsMax' | 'callsMax'> & {
  readonly rpcUrl: string;
  readonly hours: Hours | undefined;
  /** By address in lower case. */
  readonly tokens: ReadonlyMap<string, TokenPolicy>;
  readonly calls: readonly CallPolicy[];
};

/** Where a party keeps its policy. */
export const policyPath = (dir: string): string => join(dir, 'policy.json');

/** A policy under which everything needs a person, for the venue's collateral and withdrawals. */
export function defaultPolicy({ token }: Pick<Venue, 'token'>, rpcUrl?: string) {
  return {
    version: 1,
    ...(rpcUrl === undefined ? {} : { rpcUrl }),
    nodeAgeSecondsMax: 60,
    expirySecondsMax: 86_400,
    callsMax: 8,
    names: {},
    tokens: { [token.symbol]: {} },
    calls: [{ target: 'clearingHouse', function: 'withdraw', args: { to: ['treasury'] } }],
  };
}

const minutes = (text: string): number => {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return hour * 60 + minute;
};

/** Resolves names and decimals; what cannot be resolved is told. */
function resolver(book: Book, wrong: (why: string) => never) {
  const people = (names: readonly string[]): ReadonlySet<string> =>
    new Set(
      names.map((name) => lower(addressFor(book, name) ?? wrong(`nobody is named "${name}"`))),
    );
  const units = (token: Token, text: string): bigint => {
    const value = parseDecimal(text, token.decimals);
    return isRejection(value) ? wrong(`${token.symbol}: ${value.message}`) : value;
  };
  return { people, units };
}

function tokenPolicies(book: Book, file: PolicyFile, wrong: (why: string) => never) {
  const { people, units } = resolver(book, wrong);
  return Object.entries(file.tokens).map(([symbol, of]): TokenPolicy => {
    const token = tokenFor(book, of.address ?? symbol) ?? wrong(`no address of ${symbol} is known`);
    const { automatic, recipients, instructionMax, dayMax } = of;
    const limit = (text: string | undefined) => (text === undefined ? text : units(token, text));
    return {
      token,
      recipients: recipients && people(recipients),
      instructionMax: limit(instructionMax),
      dayMax: limit(dayMax),
      automatic: automatic && {
        recipients: automatic.recipients && people(automatic.recipients),
        instructionMax: units(token, automatic.instructionMax),
        dayMax: units(token, automatic.dayMax),
      },
    };
  });
}

function callPolicies(book: Book, file: PolicyFile, wrong: (why: string) => never): CallPolicy[] {
  return file.calls.map((call) => {
    const target = lower(
      addressFor(book, call.target) ?? wrong(`nobody is named "${call.target}"`),
    );
    const known = (book.abis.get(target) ?? []).find(
      (item) => item.type === 'function' && item.name === call.function,
    );
    if (known === undefined || known.type !== 'function') {
      return wrong(`${call.target} has no function "${call.function}" that is known here`);
    }
    const args = Object.entries(call.args).map(([name, values]) => {
      const input = known.inputs.find((each) => each.name === name);
      if (input === undefined) return wrong(`${call.function} has no argument "${name}"`);
      const isAddress = input.type === 'address';
      const allowed = isAddress
        ? resolver(book, wrong).people(values)
        : new Set(values.map((each) => each.toLowerCase()));
      return [name, allowed] as const;
    });
    return { target, function: call.function, args: new Map(args), automatic: call.automatic };
  });
}

/**
 * Checks a policy and resolves it against the venue.
 * @param origin named in the error
 * @throws EnvironmentError PolicyMalformed, telling what is wrong and where; TreasuryMissing
 */
export function parsePolicy(
  value: unknown,
  venue: Venue,
  origin = 'policy.json',
): { policy: Policy; book: Book } {
  const wrong = (why: string): never => {
    throw new EnvironmentError('PolicyMalformed', `${origin}: ${why}`, { retry: false });
  };
  const parsed = policySchema.safeParse(value);
  if (!parsed.success) return wrong(z.prettifyError(parsed.error));
  const file = parsed.data;
  const extra = Object.entries(file.tokens).flatMap(([symbol, { address: at, decimals }]) => {
    if (at === undefined) return [];
    if (decimals === undefined) return wrong(`${symbol}: an address needs its decimals`);
    return [{ address: at, symbol, decimals }];
  });
  const book = bookOf(venue, file.names, extra);
  const tokens = tokenPolicies(book, file, wrong);
  const { hours, rpcUrl, nodeAgeSecondsMax, expirySecondsMax, callsMax } = file;
  const policy: Policy = {
    rpcUrl: rpcUrl ?? venue.rpcUrl,
    nodeAgeSecondsMax,
    expirySecondsMax,
    callsMax,
    hours: hours && {
      from: minutes(hours.from),
      to: minutes(hours.to),
      days: new Set((hours.days ?? days).map((day) => days.indexOf(day))),
    },
    tokens: new Map(tokens.map((each) => [lower(each.token.address), each])),
    calls: callPolicies(book, file, wrong),
  };
  return { policy, book };
}

/**
 * Reads the policy of the party in a folder.
 * @throws EnvironmentError PolicyMissing, FileMalformed, PolicyMalformed, TreasuryMissing
 */
export function loadPolicy(dir: string, venue: Venue): { policy: Policy; book: Book } {
  const path = policyPath(dir);
  if (existsSync(path)) return parsePolicy(readJson(path, 'policy'), venue, path);
  const message = `${path} does not exist: a signer of the treasury has a policy`;
  throw new EnvironmentError('PolicyMissing', message, { retry: false });
}
