/** A party of the treasury's committee: it answers its operator, signs what its desk lets go. */
import type { JsonReply, JsonRoutes, Logger, Venue } from '@holdfast/host';
import { createClock } from '@holdfast/host';
import {
  leadSignature,
  type Reading,
  type RunningParty,
  runParty,
  type Vault,
} from '@holdfast/party';
import {
  type CommitteeTiming,
  defaultTiming,
  examining,
  nameOf,
  type Roster,
} from '@holdfast/quorum';
import {
  EnvironmentError,
  fromHex,
  type Hex,
  isRejection,
  type Rejection,
  reject,
} from '@holdfast/units';
import { z } from 'zod';
import { type Book, lower } from './book.ts';
import { createDesk, type Desk } from './desk.ts';
import type { Examiner } from './examine.ts';
import { decodeInstruction, instructionDigest } from './instruction.ts';
import { openLedger } from './ledger.ts';
import { loadPolicy } from './policy.ts';
import { plain } from './read.ts';

/** How often a request is repeated while signers are looking, and how long, wall ms. */
const againMs = 250;
const lookMs = 15_000;

const timing: CommitteeTiming = { ...defaultTiming, phaseMs: 20_000 };

export interface SignerOptions {
  /** The party's folder, with its policy. */
  dir: string;
  vault: Vault;
  logger: Logger;
  relay?: string | undefined;
  trustRoster?: boolean | undefined;
  /** Fewest holders of a first key; the threshold unless told. */
  holdersMin?: number | undefined;
  patience?: Partial<CommitteeTiming> | undefined;
}

/** Why each party did not sign. */
export type Refusals = Readonly<Record<string, Rejection>>;

export interface Signer {
  readonly party: RunningParty;
  /** Reads this venue's instructions from now on. @throws VenueForeign, or as `loadPolicy` does */
  open(venue: Venue): Desk;
  close(): Promise<void>;
}

const messageSchema = z.strictObject({ message: z.string().regex(/^0x(?:[0-9a-f]{2})+$/) });
const seenSchema = z.strictObject({ seen: z.string().regex(/^0x[0-9a-f]{64}$/) });
const digestSchema = z.strictObject({ digest: z.string().regex(/^0x[0-9a-f]{64}$/) });

const answer = (body: unknown): JsonReply => ({ status: 200, body });
const refuse = (reason: Rejection): JsonReply => ({ status: 409, body: reason });

type Opened = { readonly desk: Desk; readonly examiner: Examiner };

/**
 * Asks the committee for a signature until it has answered: first requests start the signers'
 * examinations.
 */
export async function collect(party: RunningParty, message: Uint8Array) {
  const until = Date.now() + lookMs;
  for (;;) {
    const refusals: Record<string, Rejection> = {};
    const off = party.onEvent((event) => {
      if (event.type !== 'refused') return;
      const roster = party.committee().records.active?.roster;
      refusals[roster === undefined ? event.by : nameOf(roster, event.by)] = event.reason;
    });
    const signed = await leadSignature(party, message).finally(off);
    if (!isRejection(signed)) return signed;
    const isLooking = Object.values(refusals).some(({ code }) => code === examining);
    if (!isLooking || Date.now() > until) return { ...signed, ...whyNot(signed, refusals) };
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

function whyNot(signed: Rejection, refusals: Refusals): Rejection {
  const lines = Object.entries(refusals).map(([name, { code, message }]) => {
    // What another party says may be anything.
    return plain(`${name}: ${code}, ${message}`);
  });
  const silent = lines.length === 0 ? signed.message : lines.join('; ');
  return { code: signed.code, message: `too few signed. ${silent}` };
}

function routesOf(party: () => RunningParty, opened: () => Opened | undefined): JsonRoutes {
  const at =
    <Schema extends z.ZodType>(
      schema: Schema,
      handle: (body: z.output<Schema>, desk: Desk) => Promise<JsonReply>,
    ) =>
    async ({ body }: { body: unknown }): Promise<JsonReply> => {
      const desk = opened()?.desk;
      if (desk === undefined) return refuse(reject('VenueClosed', 'there is no venue yet'));
      const parsed = schema.safeParse(body);
      if (parsed.success) return handle(parsed.data, desk);
      return refuse(reject('BodyMalformed', z.prettifyError(parsed.error)));
    };
  const give = (value: unknown): JsonReply => (isRejection(value) ? refuse(value) : answer(value));
  return {
    'GET /treasury': () => answer({ items: opened()?.desk.items() ?? [] }),
    'POST /treasury/show': at(messageSchema, async ({ message }, desk) =>
      give(await desk.look(fromHex(message), party().name)),
    ),
    'POST /treasury/approve': at(seenSchema, async ({ seen }, desk) =>
      give(await desk.approve(seen as Hex)),
    ),
    'POST /treasury/refuse': at(digestSchema, async ({ digest }, desk) =>
      give((await desk.refuse(digest as Hex)) ?? { ok: true }),
    ),
    'POST /treasury/sign': at(messageSchema, async ({ message }) => {
      const instruction = decodeInstruction(fromHex(message));
      if (isRejection(instruction)) return refuse(instruction);
      return give(await collect(party(), fromHex(message)));
    }),
  };
}

/** The venue file must name the registry that people agreed on when they compared the roster. */
function requireOurs(roster: Roster | undefined, { chainId, registry }: Book): void {
  if (roster === undefined) return;
  if (roster.contract === lower(registry) && roster.chainId === chainId) return;
  const ours = `${roster.contract} on chain ${roster.chainId}`;
  const theirs = `${registry} on chain ${chainId}`;
  const message = `the venue file has the registry ${theirs}, ours is ${ours}`;
  throw new EnvironmentError('VenueForeign', message, { retry: false });
}

/**
 * Starts a signer in its folder. It signs instructions that its desk lets go, and as every party
 * statements to the registry; a bare digest is never signed, whatever its operator allowed.
 * @throws EnvironmentError as `runParty` does
 */
export async function runSigner(options: SignerOptions): Promise<Signer> {
  const { dir, vault, logger, relay, trustRoster, holdersMin, patience } = options;
  let opened: Opened | undefined;
  let rpcUrl: string | undefined;
  const active = () => party.committee().records.active;

  /** Everything that is no statement to the registry: an instruction, or nothing that is signed. */
  function read(message: Uint8Array): Reading | Rejection {
    if (message.length === 32) {
      return reject('DigestRefused', 'a bare digest tells a signer nothing');
    }
    if (opened === undefined) return reject('VenueClosed', 'there is no venue yet');
    const { desk, examiner } = opened;
    const instruction = decodeInstruction(message);
    if (isRejection(instruction)) return instruction;
    const digest = instructionDigest(examiner.book, instruction);
    return {
      digest: fromHex(digest),
      lines: [
        ['says', 'instruction of the treasury, see holdfast treasury'],
        ['digest', digest],
      ],
      // The desk's word is final: it asks its operator itself.
      judge(_isAllowed, from) {
        const generation = active();
        return desk.judge(
          message,
          generation === undefined ? from : nameOf(generation.roster, from),
        );
      },
    };
  }

  const party: RunningParty = await runParty({
    dir,
    vault,
    logger,
    purposes: [read],
    rpcUrl: () => rpcUrl,
    relay,
    trustRoster,
    holdersMin,
    timing: { ...timing, ...patience },
    routes: routesOf(
      () => party,
      () => opened,
    ),
  });
  return {
    party,
    open(venue) {
      rpcUrl = venue.rpcUrl;
      const { policy, book } = loadPolicy(dir, venue);
      requireOurs(active()?.roster, book);
      const groupKey = () => active()?.certificate.groupKey;
      const ledger = openLedger(dir);
      const examiner = { book, policy, ledger, clock: createClock(venue.clock), groupKey };
      opened = { examiner, desk: createDesk(examiner, logger) };
      return opened.desk;
    },
    close: () => party.close(),
  };
}
