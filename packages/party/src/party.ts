/** One party as a process: takes messages one by one, keeps before it sends, tells its operator. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  createChainReader,
  errorMessage,
  type JsonServer,
  readJson,
  watchCommittee,
  writeJsonAtomic,
} from '@holdfast/host';
import {
  agree,
  type Committee,
  createCommittee,
  defaultTiming,
  type Event,
  examining,
  fingerprint,
  type Judge,
  type PartyKey,
  pass,
  prepare,
  type Roster,
  readRoster,
  reconnect,
  rosterHash,
  type Step,
  sign,
  take,
} from '@holdfast/quorum';
import {
  EnvironmentError,
  type Hex,
  isRejection,
  type Rejection,
  reject,
  toHex,
} from '@holdfast/units';
import { serveControl } from './control.ts';
import { startEnrolment } from './enrolment.ts';
import { partyPaths, readParty } from './folder.ts';
import { type RegistrySight, registryPurpose } from './handover.ts';
import { isEnvelopeSigned } from './identity.ts';
import { type Inside, type PartyOptions, partyOf, type RunningParty } from './inside.ts';
import type { Founding } from './invitation.ts';
import { createLink } from './link.ts';
import { bareDigest, digestBy, judgeBy, readAs } from './purpose.ts';
import { controlRoutes } from './routes.ts';
import { committeeIdOf } from './statement.ts';
import { statusOf } from './status.ts';
import { createWire } from './wire.ts';

const tickMs = 100;
const allowedMs = 3_600_000;

function judgeOf(inside: () => Inside): Judge {
  const isAllowed = (message: Uint8Array): boolean =>
    (inside().allowed.get(toHex(message)) ?? 0) > Date.now();
  const unapproved = reject('MessageUnapproved', 'its operator has not allowed this message');
  return (message, coordinator) => {
    const { options, purposes } = inside();
    const rest = (): Rejection | undefined =>
      options.policy === 'open' || isAllowed(message) ? undefined : unapproved;
    const no = judgeBy(purposes, isAllowed, rest)(message, coordinator);
    if (no !== undefined && no.code !== examining) {
      const leader = partyOf(inside().committee, coordinator)?.name ?? coordinator;
      options.logger.warn({ leader, code: no.code, reason: no.message }, 'a proposal was refused');
    }
    return no;
  };
}

/** Opens our own look at the registry as soon as node and roster are known. */
function watchRegistry(inside: Inside): void {
  const { committee, options } = inside;
  const { active, roster } = committee.records;
  const known = active?.roster ?? roster;
  const rpcUrl = options.rpcUrl?.();
  const id = known && committeeIdOf(known);
  if (inside.registry !== undefined || rpcUrl === undefined || known === undefined || !id) return;
  const { chainId, contract: registry } = known;
  const reader = createChainReader({ rpcUrl, chainId, retries: 0 });
  inside.registry = watchCommittee(reader, { registry, id, chainId });
}

function sightOf({ committee, registry }: Inside): Omit<RegistrySight, 'isAllowed'> {
  return { own: committee.records.active, view: registry?.view(), nowMs: Date.now() };
}

/** Allows a message that could ever be signed here. */
function allow({ purposes, allowed }: Inside, message: Uint8Array): Rejection | undefined {
  const reading = readAs(purposes, message);
  const no = isRejection(reading)
    ? reading
    : reading === undefined
      ? bareDigest(message)
      : undefined;
  if (no === undefined) allowed.set(toHex(message), Date.now() + allowedMs);
  return no;
}

/** Keeps, sends, tells: in this order, and one step after another. */
async function perform(inside: Inside, step: Step): Promise<void> {
  const { options, link, wire } = inside;
  if (step.records !== undefined) await options.vault.save(step.records);
  for (const message of step.send) {
    const { to, text } = wire.encode(message);
    link.send(to, text);
  }
  for (const event of step.events) {
    tell(inside, event);
    for (const listener of inside.listeners) listener(event);
  }
}

function work(
  inside: Inside,
  body: (committee: Committee, now: number) => Step | Rejection,
): Promise<Rejection | undefined> {
  let refused: Rejection | undefined;
  const done = inside.queue.then(async () => {
    const step = body(inside.committee, Date.now());
    if (isRejection(step)) refused = step;
    else await perform(inside, step);
  });
  inside.queue = done.catch(() => undefined);
  return done.then(() => refused);
}

/** One line for each fault, the last ones last, however often it comes again. */
function noteBlame(blames: string[], line: string): void {
  const known = blames.findIndex((each) => each === line || each.startsWith(`${line} (`));
  const [before] = known < 0 ? [] : blames.splice(known, 1);
  const times = before === undefined ? 1 : Number(/\((\d+) times\)$/.exec(before)?.[1] ?? 1) + 1;
  blames.push(times === 1 ? line : `${line} (${times} times)`);
  blames.splice(0, Math.max(0, blames.length - 50));
}

/** Puts an event into the log; nothing in an event is secret. */
function tell(inside: Inside, event: Event): void {
  const { logger } = inside.options;
  const { committee, blames, waiting } = inside;
  if (event.type === 'blame') {
    const { kind, where, detail, reportedBy } = event.blame;
    noteBlame(blames, `${event.name}: ${kind} in ${where}`);
    const by = reportedBy && partyOf(committee, reportedBy)?.name;
    logger.warn({ party: event.name, kind, where, detail, by }, 'a party failed');
  } else if (event.type === 'declined') {
    const { code, message } = event.reason;
    const by = partyOf(committee, event.by)?.name ?? event.by;
    if (code === 'RosterUnapproved') waiting.add(`${by}: ${message}`);
    logger.info({ by, code, reason: message }, 'a proposal was declined');
  } else if (event.type === 'certified') {
    waiting.clear();
    const { gen, groupKey } = event.certificate;
    logger.info({ gen, groupKey, isHolder: event.isHolder }, 'a generation lives');
  } else {
    // Those who sign every other second would drown the rest.
    const isFrequent = event.type === 'signed' && inside.options.purposes !== undefined;
    logger[isFrequent ? 'debug' : 'info'](event, event.type);
  }
}

function takeText(inside: Inside, text: string): void {
  const { logger } = inside.options;
  void work(inside, (committee, now) => {
    const message = inside.wire.decode(text);
    if (!isRejection(message)) return take(committee, message, now);
    logger.debug({ code: message.code, reason: message.message }, 'an envelope was refused');
    return { send: [], events: [] };
  }).catch((error) => fatal(inside, error));
}

/** A step that failed leaves the memory ahead of the disk: only a restart is safe. */
function fatal(inside: Inside, error: unknown): void {
  inside.options.logger.fatal({ error: errorMessage(error) }, 'a step failed');
  queueMicrotask(() => {
    throw error;
  });
}

function found(inside: Inside, founding: Founding): void {
  const { options, committee } = inside;
  const { vault, logger, dir } = options;
  const { enrol, identity } = vault.secrets;
  if (enrol === undefined || committee.records.active !== undefined) return;
  inside.enrolment = startEnrolment({
    founding,
    enrol,
    identity,
    logger,
    fail: (reason) => logger.fatal(reason, 'the enrolment failed'),
    complete(roster) {
      if (committee.records.roster !== undefined) return;
      const hash = rosterHash(roster);
      inside.proposed = roster;
      logger.info({ hash, fingerprint: fingerprint(hash) }, 'all parties are enrolled: compare');
      void writeJsonAtomic(partyPaths(dir).roster, roster);
      if (options.trustRoster) void accept(inside, hash);
    },
  });
}

async function accept(inside: Inside, hash: Hex): Promise<Rejection | undefined> {
  const { proposed } = inside;
  if (proposed === undefined) return reject('RosterMissing', 'no roster waits to be accepted');
  if (rosterHash(proposed) !== hash) {
    return reject('RosterWrong', `the roster that waits has the hash ${rosterHash(proposed)}`);
  }
  inside.proposed = undefined;
  return work(inside, (committee, now) => agree(committee, proposed, now));
}

function signWithin(inside: Inside, message: Uint8Array): Promise<Hex | Rejection> {
  const refused = allow(inside, message);
  if (refused !== undefined) return Promise.resolve(refused);
  return new Promise((resolve, fail) => {
    let sid: Hex | undefined;
    const listener = (event: Event): void => {
      const isEnd = event.type === 'signed' || event.type === 'unsigned';
      if (!isEnd || event.sid !== sid) return;
      inside.listeners.delete(listener);
      resolve(event.type === 'signed' ? event.signature : event.reason);
    };
    inside.listeners.add(listener);
    work(inside, (committee, now) => {
      const step = sign(committee, message, now);
      sid = step.sid;
      return sid === undefined ? reject('KeyMissing', 'the committee has no key yet') : step;
    }).then((no) => {
      if (no !== undefined) resolve(no);
    }, fail);
  });
}

/** Starts a party in its folder. @throws EnvironmentError PartyRunning, PartyMalformed */
export async function runParty(options: PartyOptions): Promise<RunningParty> {
  const { dir, vault, logger } = options;
  const file = readParty(dir);
  const { identity, records } = vault.secrets;
  const self = identity.sign.public;
  const committee = createCommittee(
    {
      self,
      records,
      random: (length) => new Uint8Array(randomBytes(length)),
      verify: isEnvelopeSigned,
      judge: judgeOf(() => inside),
      digest: (message) => digestBy(inside.purposes, message) ?? message,
      holdersMin: options.holdersMin,
      timing: options.timing ?? defaultTiming,
    },
    Date.now(),
  );
  const wire = createWire({
    identity,
    sealKeyOf: (key) => partyOf(committee, key)?.seal,
    now: Date.now,
  });
  const deliver = (text: string): void => takeText(inside, text);
  const ready = (): void => void work(inside, reconnect).catch((error) => fatal(inside, error));
  const url = options.relay ?? file.relay;
  const inside: Inside = {
    options,
    name: file.name,
    committee,
    link: createLink({ url, pair: identity.sign, logger, deliver, ready }),
    wire,
    allowed: new Map(),
    listeners: new Set(),
    blames: [],
    waiting: new Set(),
    purposes: [registryPurpose(() => sightOf(inside)), ...(options.purposes ?? [])],
    registry: undefined,
    queue: Promise.resolve(),
    enrolment: undefined,
    proposed: undefined,
  };
  const party = handleOf(inside, self);
  let control: JsonServer;
  try {
    const routes = { ...controlRoutes(party), ...options.routes };
    control = await serveControl(dir, routes, logger);
  } catch (error) {
    inside.link.close();
    throw error;
  }
  if (file.founding !== undefined) found(inside, { ...(file.founding as Founding), relay: url });
  const timer = setInterval(() => {
    void work(inside, pass).catch((error) => fatal(inside, error));
    watchRegistry(inside);
    if (committee.records.active === undefined || inside.enrolment === undefined) return;
    inside.enrolment.close();
    inside.enrolment = undefined;
  }, tickMs);
  return {
    ...party,
    async close() {
      clearInterval(timer);
      inside.enrolment?.close();
      inside.registry?.close();
      inside.link.close();
      await control.close();
      await inside.queue;
    },
  };
}

function handleOf(inside: Inside, key: PartyKey): Omit<RunningParty, 'close'> {
  return {
    key,
    name: inside.name,
    committee: () => inside.committee,
    status: () => statusOf(inside),
    proposed: () => inside.proposed,
    accept: (hash) => accept(inside, hash),
    allow: (message) => allow(inside, message),
    read: (message) => readAs(inside.purposes, message),
    sight: () => sightOf(inside),
    accuse(party, kind, where, detail) {
      const name = partyOf(inside.committee, party)?.name ?? party;
      tell(inside, { type: 'blame', blame: { party, kind, where, detail }, name });
    },
    sign: (message) => signWithin(inside, message),
    prepare: async () => void (await work(inside, prepare)),
    work: (step) => work(inside, step),
    onEvent(listener) {
      inside.listeners.add(listener);
      return () => void inside.listeners.delete(listener);
    },
  };
}

/**
 * Reads the roster that a party wrote for its operator.
 * @throws EnvironmentError FileMissing, RosterMalformed
 */
export function readRosterFile(path: string): Roster {
  if (!existsSync(path)) {
    throw new EnvironmentError('FileMissing', `roster ${path} does not exist`, { retry: false });
  }
  const roster = readRoster(readJson(path, 'roster'));
  if (!isRejection(roster)) return roster;
  const message = `roster ${path}: ${roster.message}`;
  throw new EnvironmentError('RosterMalformed', message, { retry: false });
}
