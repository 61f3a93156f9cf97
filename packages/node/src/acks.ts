import type { Command, CoreEvent } from '@holdfast/core';
import {
  type AckStatus,
  cancelAllBody,
  cancelBody,
  codePlace,
  genesisHead,
  nextHead,
  packOrder,
  type Receipt,
  type ReceiptKind,
  type ReceiptLink,
  receiptLeaf,
} from '@holdfast/order';
import type { AccountId, Lane } from '@holdfast/units';

/** What a client is told about one request, with its place in the receipt chain. */
export type Answer = {
  readonly clientId: string;
  readonly account: AccountId;
  readonly status: 'accepted' | 'rejected' | 'cancelled';
  readonly code?: string;
  readonly message?: string;
  readonly link: ReceiptLink;
};

/** A place in the chain for requests that were refused before they became commands. */
export const noLink: ReceiptLink = { seq: 0, leaf: new Uint8Array(32), head: genesisHead };

const STATUS: Record<Answer['status'], AckStatus> = { rejected: 0, accepted: 1, cancelled: 2 };

type Asked = { kind: ReceiptKind; account: AccountId; body: Uint8Array; clientId: string };

function asked(command: Command): Asked | undefined {
  if (!('clientId' in command) || command.clientId === undefined) return undefined;
  const { clientId } = command;
  if (command.type === 'order') {
    const { order } = command;
    return { kind: 1, account: order.account, body: packOrder(order), clientId };
  }
  const { account } = command;
  if (command.type === 'cancelAll') {
    return { kind: 3, account, body: cancelAllBody(account), clientId };
  }
  const body = cancelBody(account, command.lane as Lane, command.seq ?? 0);
  return { kind: 2, account, body, clientId };
}

function outcome(events: readonly CoreEvent[]): Pick<Answer, 'status' | 'code' | 'message'> {
  const no = events.find((event) => event.type === 'rejected');
  if (no?.type === 'rejected') return { status: 'rejected', code: no.code, message: no.message };
  const isOrder = events.some((event) => event.type === 'accepted');
  return { status: isOrder ? 'accepted' : 'cancelled' };
}

/** The receipt that says `answer` to `command` at place `seq`; undefined if no client waits. */
export function receiptOf(
  command: Command,
  answer: Pick<Answer, 'status' | 'code'>,
  seq: number,
): Receipt | undefined {
  const request = asked(command);
  return request === undefined ? undefined : receiptFor(request, answer, seq);
}

function receiptFor(
  { kind, clientId, body }: Asked,
  { status, code }: Pick<Answer, 'status' | 'code'>,
  seq: number,
): Receipt {
  return {
    kind,
    seq,
    clientId: BigInt(clientId),
    status: STATUS[status],
    codePlace: code === undefined ? 0 : codePlace(code),
    body,
  };
}

/** Client ids kept for each account: a repeat inside this window gets the first answer again. */
export const ANSWERS_PER_ACCOUNT_MAX = 2048;

/** The receipt chain and the answers that make client ids idempotent. Derived from the journal. */
export type Acks = {
  /** Takes a command with its events; the answer if a client waits for one. */
  take(command: Command, events: readonly CoreEvent[]): Answer | undefined;
  /** The answer already given to this client id of the account. */
  earlier(account: AccountId, clientId: string): Answer | undefined;
  head(): { seq: number; head: Uint8Array };
  receipt(seq: number): (Answer & { readonly kind: ReceiptKind }) | undefined;
  export(): unknown;
};

type Kept = Answer & { readonly kind: ReceiptKind };
type Exported = { seq: number; head: Uint8Array; kept: Kept[] };

/**
 * @param exported - what `export` gave for a snapshot, or undefined for an empty chain
 * @param receiptsMax - receipts that can still be asked for by number
 */
export function createAcks(exported?: unknown, receiptsMax = 100_000): Acks {
  let seq = 0;
  let head: Uint8Array = genesisHead;
  const bySeq = new Map<number, Kept>();
  const byAccount = new Map<AccountId, Map<string, Answer>>();

  function keep(answer: Kept): void {
    bySeq.set(answer.link.seq, answer);
    const oldest = answer.link.seq - receiptsMax;
    bySeq.delete(oldest);
    const mine = byAccount.get(answer.account) ?? new Map<string, Answer>();
    byAccount.set(answer.account, mine);
    mine.set(answer.clientId, answer);
    const first = mine.keys().next().value;
    if (mine.size > ANSWERS_PER_ACCOUNT_MAX && first !== undefined) mine.delete(first);
  }

  if (exported !== undefined) {
    const from = exported as Exported;
    seq = from.seq;
    head = from.head;
    for (const answer of from.kept) keep(answer);
  }

  return {
    take(command, events) {
      const request = asked(command);
      if (request === undefined) return undefined;
      const result = outcome(events);
      seq += 1;
      const leaf = receiptLeaf(receiptFor(request, result, seq));
      head = nextHead(head, leaf);
      const { clientId, account, kind } = request;
      const answer = { clientId, account, kind, ...result, link: { seq, leaf, head } };
      keep(answer);
      return answer;
    },
    earlier: (account, clientId) => byAccount.get(account)?.get(clientId),
    head: () => ({ seq, head }),
    receipt: (wanted) => bySeq.get(wanted),
    export: (): Exported => ({ seq, head, kept: [...bySeq.values()].slice(-20_000) }),
  };
}
