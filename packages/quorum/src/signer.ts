/**
 * A signer's half of a signature. Nonces live in memory only, belong to one session and one
 * coordinator, and are gone before they are used.
 */
import { equalBytes, fromHex, type Hex, type Rejection, reject, toHex } from '@holdfast/units';
import type { Blame } from './blame.ts';
import type { Incoming, Outgoing } from './envelope.ts';
import { type Bodies, readBody } from './messages.ts';
import type { PartyKey } from './roster.ts';
import {
  frost,
  frostCommitments,
  frostPublic,
  frostSecret,
  type KeyShare,
  type NoncePair,
  type Random,
} from './suite.ts';

type Nonces = ReturnType<typeof frost.commit>['nonces'];

/**
 * Decides on the whole message, at the moment of signing.
 * @returns undefined to sign, or why not
 */
export type Judge = (message: Uint8Array, coordinator: PartyKey) => Rejection | undefined;

/**
 * Code of a judge that needs time. It is no failure, and nobody is blamed: the request goes on
 * without that signer, and another one may find it ready.
 */
export const examining = 'Examining';

/**
 * The bytes that are signed for a message: so that signers judge the whole of what a contract
 * sees a hash of.
 */
export type Digest = (message: Uint8Array) => Uint8Array;

/** What is signed of a message. */
export const digestOf = ({ digest }: { readonly digest?: Digest | undefined }, message: Hex) =>
  digest?.(fromHex(message)) ?? fromHex(message);

type Asked = {
  readonly coordinator: PartyKey;
  readonly message: Hex;
  readonly pair: NoncePair;
  readonly until: number;
  /** Taken out for good when the share is made. */
  nonces: Nonces | undefined;
  /** The answer, for whoever asks the same again. */
  answer?: { readonly asked: string; readonly partial: Hex };
};

type Pooled = { readonly coordinator: PartyKey; readonly pair: NoncePair; nonces: Nonces };

export type Signer = {
  readonly share: KeyShare;
  readonly gen: number;
  readonly random: Random;
  readonly judge: Judge;
  readonly digest?: Digest | undefined;
  readonly sessions: Map<Hex, Asked>;
  readonly pool: Map<Hex, Pooled>;
  /** When each coordinator last got nonces. */
  readonly pooledAt: Map<PartyKey, number>;
};

const sessionMs = 120_000;
const sessionsMax = 1024;
/** Pairs that a signer keeps ready, over all coordinators. */
export const poolMax = 256;
export const poolBatch = 16;
/** A coordinator that asks sooner gets nothing: nonces cost work. */
export const poolMsMin = 1_000;

/** Refusals that no coordinator causes who says one thing in a session. */
const lies = new Set([
  'SessionTaken',
  'MessageSwapped',
  'CoordinatorWrong',
  'NonceUsed',
  'SignerUnknown',
  'SignerRepeated',
  'SignersShort',
]);

/** Who lied, if the answer to a message is a refusal that only a lie explains. */
export function lieOf(message: Incoming, said: Outgoing): Blame | undefined {
  const reason = said.type === 'refuse' ? readBody('refuse', said.body)?.reason : undefined;
  if (reason === undefined || !lies.has(reason.code)) return undefined;
  const { from: party, type: where, envelope } = message;
  return { party, kind: 'LeadWrong', where, detail: reason.code, proof: [envelope] };
}

export function createSigner(
  options: Pick<Signer, 'share' | 'gen' | 'random' | 'judge' | 'digest'>,
): Signer {
  return { ...options, sessions: new Map(), pool: new Map(), pooledAt: new Map() };
}

function freshPair(s: Signer): { nonces: Nonces; pair: NoncePair } {
  const made = frost.commit(frostSecret(s.share), (n = 32) => s.random(n));
  const { hiding, binding } = made.commitments;
  return { nonces: made.nonces, pair: { hiding: toHex(hiding), binding: toHex(binding) } };
}

/** Answers one message of a coordinator; nothing for messages of other kinds. */
export function answer(s: Signer, message: Incoming, now: number): Outgoing | undefined {
  for (const [sid, asked] of s.sessions) if (asked.until <= now) s.sessions.delete(sid);
  if (message.type === 'ask') return answerAsk(s, message, now);
  if (message.type === 'package') return answerPackage(s, message, now);
  if (message.type === 'pool') return answerPool(s, message, now);
  return undefined;
}

const reply = (
  message: Incoming,
  type: 'nonces' | 'partial' | 'refuse' | 'pool',
  body: unknown,
): Outgoing => ({
  sid: message.sid,
  gen: message.gen,
  type,
  to: [message.from],
  isPrivate: false,
  body,
});

const refuse = (message: Incoming, reason: Rejection): Outgoing => {
  const { code, message: text } = reason;
  return reply(message, 'refuse', { reason: { code, message: text.slice(0, 1024) } });
};

/** What stands against a session before anything is looked up. */
function judgeSession(s: Signer, message: Incoming): Rejection | undefined {
  if (message.gen !== s.gen) {
    return reject('GenerationWrong', `generation ${message.gen} was asked, ${s.gen} is alive`, {
      found: message.gen,
      required: s.gen,
    });
  }
  return undefined;
}

function answerAsk(s: Signer, message: Incoming, now: number): Outgoing {
  const body = readBody('ask', message.body);
  if (body === undefined) return refuse(message, reject('MessageMalformed', 'no message in it'));
  const known = s.sessions.get(message.sid);
  if (known !== undefined) {
    if (known.coordinator === message.from && known.message === body.message) {
      return reply(message, 'nonces', { nonces: known.pair });
    }
    return refuse(message, reject('SessionTaken', 'the session has another message'));
  }
  const no = judgeSession(s, message) ?? s.judge(fromHex(body.message), message.from);
  if (no !== undefined) return refuse(message, no);
  if (s.sessions.size >= sessionsMax) {
    return refuse(message, reject('SessionsFull', 'too many sessions are open'));
  }
  const fresh = freshPair(s);
  const { from: coordinator } = message;
  s.sessions.set(message.sid, {
    ...fresh,
    coordinator,
    message: body.message,
    until: now + sessionMs,
  });
  return reply(message, 'nonces', { nonces: fresh.pair });
}

/**
 * A batch of nonces for a coordinator. Those that it has had longest make room: what a session that
 * failed has taken never comes back. Never empty, because that would be a request.
 */
function answerPool(s: Signer, message: Incoming, now: number): Outgoing | undefined {
  const { from } = message;
  const body = readBody('pool', message.body);
  if (body === undefined || body.nonces.length > 0 || judgeSession(s, message)) return undefined;
  if (now - (s.pooledAt.get(from) ?? Number.NEGATIVE_INFINITY) < poolMsMin) return undefined;
  s.pooledAt.set(from, now);
  const own = [...s.pool.values()].filter((each) => each.coordinator === from);
  for (const { pair } of own.slice(0, Math.max(0, own.length - poolBatch))) {
    s.pool.delete(pair.hiding);
  }
  const pairs: NoncePair[] = [];
  while (pairs.length < poolBatch && s.pool.size < poolMax) {
    const fresh = freshPair(s);
    s.pool.set(fresh.pair.hiding, { ...fresh, coordinator: from });
    pairs.push(fresh.pair);
  }
  return pairs.length === 0 ? undefined : reply(message, 'pool', { nonces: pairs });
}

/** Who signs must be the committee's, enough, and each once. */
function judgeSigners(s: Signer, signers: Bodies['package']['signers']): Rejection | undefined {
  const seen = new Set<number>();
  for (const { index } of signers) {
    if (s.share.keys.holders[index] === undefined) {
      const message = `party ${index} holds no key share of this generation`;
      return reject('SignerUnknown', message, { found: index });
    }
    if (seen.has(index)) return reject('SignerRepeated', `party ${index} is named twice`);
    seen.add(index);
  }
  if (seen.size < s.share.keys.threshold) {
    const message = `${seen.size} signers are fewer than ${s.share.keys.threshold}`;
    return reject('SignersShort', message, {
      found: seen.size,
      required: s.share.keys.threshold,
    });
  }
  if (!seen.has(s.share.index)) return reject('SignerUnknown', 'we are not among the signers');
  return undefined;
}

const samePair = (a: NoncePair, b: NoncePair): boolean =>
  a.hiding === b.hiding && a.binding === b.binding;

function answerPackage(s: Signer, message: Incoming, now: number): Outgoing {
  const body = readBody('package', message.body);
  if (body === undefined) return refuse(message, reject('MessageMalformed', 'no package in it'));
  const text = JSON.stringify(body);
  const session = s.sessions.get(message.sid);
  if (session?.answer !== undefined) {
    if (session.coordinator === message.from && session.answer.asked === text) {
      return reply(message, 'partial', { partial: session.answer.partial });
    }
    return refuse(message, reject('NonceUsed', 'these nonces have signed another package'));
  }
  const no = judgeSession(s, message) ?? judgeSigners(s, body.signers);
  if (no !== undefined) return refuse(message, no);
  const own = body.signers.find(({ index }) => index === s.share.index)?.nonces as NoncePair;
  const found = session ?? openPooled(s, message, body, own, now);
  if ('code' in found) return refuse(message, found);
  const swapped = judgeSwap(found, message, body, own);
  if (swapped !== undefined) return refuse(message, swapped);
  const partial = makePartial(s, found, body);
  if (typeof partial !== 'string') return refuse(message, partial);
  found.answer = { asked: text, partial };
  return reply(message, 'partial', { partial });
}

function judgeSwap(
  session: Asked,
  message: Incoming,
  body: Bodies['package'],
  own: NoncePair,
): Rejection | undefined {
  if (session.coordinator !== message.from) {
    return reject('CoordinatorWrong', 'another party began this session');
  }
  if (!equalBytes(fromHex(session.message), fromHex(body.message))) {
    return reject('MessageSwapped', 'the package has another message than was asked for');
  }
  if (!samePair(session.pair, own)) {
    return reject('NonceUnknown', 'the package has other nonces of ours than we gave');
  }
  return undefined;
}

/** With nonces given in advance the message is judged here, where it is first seen. */
function openPooled(
  s: Signer,
  message: Incoming,
  body: Bodies['package'],
  own: NoncePair,
  now: number,
): Asked | Rejection {
  const pooled = s.pool.get(own.hiding);
  if (pooled === undefined || pooled.coordinator !== message.from || !samePair(pooled.pair, own)) {
    return reject('NonceUnknown', 'we know no such nonces: used, of another run, or not ours');
  }
  const no = s.judge(fromHex(body.message), message.from);
  if (no !== undefined) return no;
  s.pool.delete(own.hiding);
  const { coordinator, pair, nonces } = pooled;
  const until = now + sessionMs;
  const asked: Asked = { coordinator, pair, nonces, message: body.message, until };
  s.sessions.set(message.sid, asked);
  return asked;
}

function makePartial(s: Signer, session: Asked, body: Bodies['package']): Hex | Rejection {
  const { nonces } = session;
  session.nonces = undefined;
  if (nonces === undefined) return reject('NonceUsed', 'these nonces are spent');
  const list = frostCommitments(new Map(body.signers.map((each) => [each.index, each.nonces])));
  try {
    const keys = frostPublic(s.share.keys);
    const message = digestOf(s, body.message);
    return toHex(frost.signShare(frostSecret(s.share), keys, nonces, list, message));
  } catch (error) {
    return reject('PackageWrong', (error as Error).message);
  } finally {
    nonces.hiding.fill(0);
    nonces.binding.fill(0);
  }
}
