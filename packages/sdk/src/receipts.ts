/** Holds every answer of the node against what was asked and against the chain of receipts. */
import {
  type AckFrame,
  type AckItem,
  type AckStatus,
  ackStatusNames,
  type ChainMemory,
  codePlace,
  followChain,
  type ReceiptKind,
  receiptLeaf,
  receiptsSignedBy,
} from '@holdfast/order';
import { EnvironmentError, equalBytes, type Hex } from '@holdfast/units';

/** What a request was, as its receipt must say. */
export type Asked = { readonly kind: ReceiptKind; readonly body: Uint8Array };

/** The last links seen on a connection and how many were held against each other. */
export type ReceiptWatch = {
  readonly memory: ChainMemory;
  /** Newest place of the chain that was seen. */
  seq: number;
};

export const createReceiptWatch = (): ReceiptWatch => ({ memory: new Map(), seq: 0 });

const wrong = (message: string): EnvironmentError =>
  new EnvironmentError('ReceiptWrong', `the node's receipt does not hold: ${message}`);

/**
 * Judges a frame of acks: the node's signature, each link of the chain, and that each leaf says
 * what was asked and answered. Keep the frame: together with its twin it proves a fork.
 * @param asked the request behind a client id, undefined when it is not known (any more).
 * @returns what is wrong, or undefined.
 */
export function judgeReceipts(
  watch: ReceiptWatch,
  frame: AckFrame,
  separator: Uint8Array,
  node: Hex,
  asked: (item: AckItem) => Asked | undefined,
): EnvironmentError | undefined {
  if (!receiptsSignedBy(separator, frame.items, frame.signature, node)) {
    return wrong('its signature is not the node’s');
  }
  for (const item of frame.items) {
    // Requests that were refused before the core saw them have no place in the chain.
    if (item.seq === 0 && item.status === 'rejected') continue;
    const request = asked(item);
    if (request && !equalBytes(leafOf(item, request), item.leaf)) {
      return wrong(`receipt ${item.seq} is not about the request ${item.clientId}`);
    }
    const broken = followChain(watch.memory, item);
    if (broken !== undefined) return wrong(broken);
    watch.seq = Math.max(watch.seq, item.seq);
  }
  return undefined;
}

const leafOf = (item: AckItem, { kind, body }: Asked): Uint8Array =>
  receiptLeaf({
    kind,
    body,
    seq: item.seq,
    clientId: BigInt(item.clientId),
    status: ackStatusNames.indexOf(item.status) as AckStatus,
    codePlace: item.code === undefined ? 0 : codePlace(item.code),
  });
