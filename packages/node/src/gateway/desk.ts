import type { Command } from '@holdfast/core';
import { type AckItem, type CancelItem, type OrderItem, receiptLeaf } from '@holdfast/order';
import {
  type AccountId,
  EnvironmentError,
  equalBytes,
  invariant,
  isRejection,
  type Rejection,
  reject,
  type Seq,
} from '@holdfast/units';
import { type Answer, noLink, receiptOf } from '../acks.ts';
import type { Input } from '../engine.ts';
import type { NodeParts } from '../parts.ts';
import {
  type Admission,
  type Candidate,
  createAdmission,
  type Origin,
  readOrder,
  refuseEarly,
  type Voucher,
} from './admission.ts';

/** Keeps the order of one connection: requests enter the engine as they came, verified or not. */
export type Turn = {
  /** Resolves when everything before this request is in the engine's queue. */
  readonly before: Promise<void>;
  /** Says that this request is in the queue, or never will be. */
  readonly done: () => void;
};

/** An order as a connection brings it. */
export type AskedOrder = OrderItem & { readonly voucher?: Voucher };

/** Turns what clients ask into commands, and what became of them into answers. */
export type Desk = {
  /** Orders wait in a fair queue until they are verified; nothing else does. */
  orders(items: readonly AskedOrder[], turn: Turn, from: Origin): Promise<AckItem[]>;
  /** Assumes: the caller may act for the account of every item. */
  cancels(items: readonly CancelItem[], turn: Turn): Promise<AckItem[]>;
  cancelAll(account: AccountId, clientId: string, turn: Turn): Promise<AckItem[]>;
  /** Orders that wait to be verified. */
  waiting(): number;
};

type Ready = { readonly clientId: string; readonly account: AccountId; readonly input: Input };
type Judged = Ready | AckItem;

const isReady = (value: Judged): value is Ready => 'input' in value;

/** An answer to a request that never became a command: it has no place in the receipt chain. */
export function refusal(clientId: string, rejection: Rejection): AckItem {
  const { code, message, data } = rejection;
  const retry = typeof data?.retryMs === 'number' ? { retryMs: data.retryMs } : {};
  return { clientId, status: 'rejected', code, message, ...retry, ...noLink };
}

function ackOf(answer: Answer): AckItem {
  const { clientId, status, code, message, link } = answer;
  const why = code === undefined ? {} : { code, message: message ?? '' };
  return { clientId, status, ...why, ...link };
}

function environmentRefusal(clientId: string, error: unknown): AckItem {
  if (!(error instanceof EnvironmentError)) throw error;
  return refusal(clientId, { code: error.code, message: error.message });
}

type Context = {
  readonly parts: NodeParts;
  readonly admission: Admission;
  /** Answers on their way, by account and client id. */
  readonly pending: Map<string, Promise<AckItem>>;
};

/** The earlier answer to the same request; a new request under a used client id is refused. */
function repeated(c: Context, { account, clientId, input }: Ready): AckItem | undefined {
  if (clientId === '0') return undefined;
  const earlier = c.parts.acks.earlier(account, clientId);
  if (earlier === undefined) return undefined;
  const { seq, leaf } = earlier.link;
  const command = { ...input, at: c.parts.clock.now() } as Command;
  const same = receiptOf(command, earlier, seq);
  if (same !== undefined && equalBytes(receiptLeaf(same), leaf)) return ackOf(earlier);
  const text = `client id ${clientId} was used for another request of account ${account}`;
  return refusal(clientId, reject('DuplicateClientId', text));
}

/** An item that is answered already, or an order whose signature is still to be judged. */
function sift(c: Context, item: AskedOrder): AckItem | (Ready & Candidate) {
  const { clientId, packed, voucher } = item;
  const order = readOrder(c.parts, item);
  if (isRejection(order)) return refusal(clientId, order);
  const ready = { clientId, account: order.account, input: { type: 'order', order, clientId } };
  const again = repeated(c, ready as Ready);
  if (again !== undefined) return again;
  const no = refuseEarly(c.parts, order);
  return no === undefined ? { ...(ready as Ready), order, packed, voucher } : refusal(clientId, no);
}

async function judgeOrders(
  c: Context,
  items: readonly AskedOrder[],
  from: Origin,
): Promise<Judged[]> {
  const sifted = items.map((item) => sift(c, item));
  const candidates = sifted.filter((each): each is Ready & Candidate => isReady(each));
  const verdicts = await c.admission.verify(candidates, from);
  let at = 0;
  return sifted.map((each): Judged => {
    if (!isReady(each)) return each;
    const no = verdicts[at];
    at += 1;
    return no === undefined ? each : refusal(each.clientId, no);
  });
}

const keyOf = ({ account, clientId }: Ready): string => `${account}:${clientId}`;

/** Queues what is new before it first waits; repeats join the request they repeat. */
async function perform(c: Context, judged: readonly Judged[]): Promise<AckItem[]> {
  const fresh: Ready[] = [];
  const finish: ((ack: AckItem) => void)[] = [];
  const answers = judged.map((item) => {
    if (!isReady(item)) return item;
    const before = repeated(c, item) ?? c.pending.get(keyOf(item));
    if (before !== undefined) return before;
    fresh.push(item);
    const answer = new Promise<AckItem>((done) => finish.push(done));
    if (item.clientId !== '0') c.pending.set(keyOf(item), answer);
    return answer;
  });
  const acks = await submit(c, fresh);
  for (const [at, done] of finish.entries()) done(acks[at] as AckItem);
  return Promise.all(answers);
}

async function submit(c: Context, fresh: readonly Ready[]): Promise<AckItem[]> {
  try {
    const outcomes = await c.parts.engine.submit(fresh.map(({ input }) => input));
    return outcomes.map(({ answer }) => {
      invariant(answer !== undefined, 'a request with a client id has an answer');
      return ackOf(answer);
    });
  } catch (error) {
    return fresh.map(({ clientId }) => environmentRefusal(clientId, error));
  } finally {
    c.admission.kick();
    for (const item of fresh) c.pending.delete(keyOf(item));
  }
}

function closed(c: Context): Rejection | undefined {
  const reason = c.parts.halted();
  if (reason === undefined) return undefined;
  return reject('Halted', `the node has halted: ${reason}; cancels stay open`);
}

/** `perform` queues its commands before it first waits, so the turn can pass on at once. */
async function inTurn(c: Context, judged: readonly Judged[], turn: Turn): Promise<AckItem[]> {
  await turn.before;
  const answers = perform(c, judged);
  turn.done();
  return answers;
}

async function placeOrders(
  c: Context,
  items: readonly AskedOrder[],
  turn: Turn,
  from: Origin,
): Promise<AckItem[]> {
  const no = closed(c);
  if (no !== undefined) return items.map(({ clientId }) => refusal(clientId, no));
  return inTurn(c, await judgeOrders(c, items, from), turn);
}

function cancelRequest({ clientId, account, lane, seq }: CancelItem): Ready {
  const only = seq === undefined ? {} : { seq: seq as Seq };
  return { clientId, account, input: { type: 'cancel', account, lane, ...only, clientId } };
}

/** The desk of one node. */
export function createDesk(parts: NodeParts): Desk {
  const c: Context = { parts, admission: createAdmission(parts), pending: new Map() };
  parts.engine.listen(c.admission.kick);
  return {
    orders: (items, turn, from) => placeOrders(c, items, turn, from).finally(turn.done),
    cancels: (items, turn) => inTurn(c, items.map(cancelRequest), turn),
    cancelAll(account, clientId, turn) {
      const input = { type: 'cancelAll' as const, account, clientId };
      return inTurn(c, [{ clientId, account, input }], turn);
    },
    waiting: c.admission.waiting,
  };
}
