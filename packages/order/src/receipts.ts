/**
 * Receipts: a hash chain over everything that the gateway answered, in the order in which the
 * core saw it. head_i = keccak(head_{i-1} ‖ leaf_i); the node signs each frame of acks, so a
 * trader who holds two frames can prove a fork, and one who holds a frame can prove a skip.
 */
import {
  type AccountId,
  concatBytes,
  equalBytes,
  type Hex,
  invariant,
  keccak256,
  type Lane,
  putBig,
  putInt,
} from '@holdfast/units';
import { packedOrderBytes } from './packed.ts';
import { recoverSigner } from './signature.ts';
import { receiptsStructDigest } from './typed.ts';

/** What a receipt answers: 1 order, 2 cancel, 3 cancel all. */
export type ReceiptKind = 1 | 2 | 3;
/** 0 rejected, 1 accepted, 2 cancelled. */
export type AckStatus = 0 | 1 | 2;
export const ackStatusNames = ['rejected', 'accepted', 'cancelled'] as const;
export type AckStatusName = (typeof ackStatusNames)[number];

/** The content of one leaf. `body`: what was asked, see {@link cancelBody}. */
export type Receipt = {
  readonly kind: ReceiptKind;
  /** Place in the chain, from 1. */
  readonly seq: number;
  /** The client's own id of the request, u64. */
  readonly clientId: bigint;
  readonly status: AckStatus;
  /** Place in `rejectionCodes`; 0 when there is none. */
  readonly codePlace: number;
  /** Order: the 90 packed bytes as received. Cancel, cancel all: {@link cancelBody}. */
  readonly body: Uint8Array;
};

/** One link as the client gets it. */
export type ReceiptLink = {
  readonly seq: number;
  readonly leaf: Uint8Array;
  readonly head: Uint8Array;
};

/** The head before the first receipt. */
export const genesisHead: Uint8Array = new Uint8Array(32);

/** 10 bytes: account u32 | lane u16 | seq u32, seq 0 = whatever is live on the lane. */
export function cancelBody(account: AccountId, lane: Lane, seq: number): Uint8Array {
  const body = new Uint8Array(10);
  putInt(body, 0, 4, account);
  putInt(body, 4, 2, lane);
  putInt(body, 6, 4, seq);
  return body;
}

/** 4 bytes: account u32. */
export function cancelAllBody(account: AccountId): Uint8Array {
  const body = new Uint8Array(4);
  putInt(body, 0, 4, account);
  return body;
}

/** What is hashed for one receipt, written again for each: a hash is made of every answer. */
const leafBytes = new Uint8Array(20 + packedOrderBytes);
const headBytes = new Uint8Array(64);

/** keccak(kind u8 ‖ seq u64 ‖ clientId u64 ‖ status u8 ‖ code u16 ‖ body). */
export function receiptLeaf(receipt: Receipt): Uint8Array {
  invariant(receipt.body.length <= packedOrderBytes, 'a receipt holds at most a packed order');
  putSeq(leafBytes, 1, receipt.seq);
  putInt(leafBytes, 0, 1, receipt.kind);
  putBig(leafBytes, 9, 8, receipt.clientId);
  putInt(leafBytes, 17, 1, receipt.status);
  putInt(leafBytes, 18, 2, receipt.codePlace);
  leafBytes.set(receipt.body, 20);
  return keccak256(leafBytes.subarray(0, 20 + receipt.body.length));
}

/** A place in the chain as u64. */
function putSeq(bytes: Uint8Array, at: number, seq: number): void {
  putInt(bytes, at, 2, Math.floor(seq / 2 ** 48));
  putInt(bytes, at + 2, 6, seq % 2 ** 48);
}

/** head_i = keccak(head_{i-1} ‖ leaf_i). */
export function nextHead(head: Uint8Array, leaf: Uint8Array): Uint8Array {
  // What a node sends may have any length.
  if (head.length !== 32 || leaf.length !== 32) return keccak256(concatBytes(head, leaf));
  headBytes.set(head);
  headBytes.set(leaf, 32);
  return keccak256(headBytes);
}

/** keccak over (seq u64 ‖ leaf ‖ head) of every link of a frame: every link is signed. */
export function receiptLeaves(links: readonly ReceiptLink[]): Uint8Array {
  const bytes = new Uint8Array(72 * links.length);
  links.forEach((link, i) => {
    putSeq(bytes, 72 * i, link.seq);
    bytes.set(link.leaf, 72 * i + 8);
    bytes.set(link.head, 72 * i + 40);
  });
  return keccak256(bytes);
}

/**
 * What the node signs for one frame of acks: `Receipts(first, leaves, head)`, where first is the
 * seq of the frame's first link and head that of its last. Assumes at least one link.
 */
export function receiptsDigest(separator: Uint8Array, links: readonly ReceiptLink[]): Uint8Array {
  const first = links[0];
  const last = links[links.length - 1];
  invariant(first !== undefined && last !== undefined, 'a frame of receipts has a link');
  return receiptsStructDigest(separator, first.seq, receiptLeaves(links), last.head);
}

/** Whether `node` (any letter case) signed this frame of links. */
export function receiptsSignedBy(
  separator: Uint8Array,
  links: readonly ReceiptLink[],
  signature: Uint8Array,
  node: Hex,
): boolean {
  if (links.length === 0) return false;
  return recoverSigner(receiptsDigest(separator, links), signature) === node.toLowerCase();
}

/** What a reader of the chain remembers: the last links, to hold new ones against. */
export type ChainMemory = Map<number, ReceiptLink>;

/**
 * Holds a link against what is remembered and remembers it.
 * @returns why the chain is broken, or undefined when nothing contradicts.
 */
export function followChain(
  memory: ChainMemory,
  link: ReceiptLink,
  memoryMax = 4096,
): string | undefined {
  const same = memory.get(link.seq);
  if (same && !equalBytes(same.head, link.head)) return `two heads for receipt ${link.seq}`;
  const before = memory.get(link.seq - 1);
  if (before && !equalBytes(nextHead(before.head, link.leaf), link.head)) {
    return `receipt ${link.seq} does not follow receipt ${link.seq - 1}`;
  }
  const after = memory.get(link.seq + 1);
  if (after && !equalBytes(nextHead(link.head, after.leaf), after.head)) {
    return `receipt ${link.seq + 1} does not follow receipt ${link.seq}`;
  }
  if (link.seq === 1 && !equalBytes(nextHead(genesisHead, link.leaf), link.head)) {
    return 'the first receipt does not follow the genesis head';
  }
  memory.set(link.seq, link);
  const oldest = memory.keys().next().value;
  if (memory.size > memoryMax && oldest !== undefined) memory.delete(oldest);
  return undefined;
}
