/**
 * What a header proves by itself: its hash, that no log of an address is in it (bloom), and which
 * receipts, and so which logs, it stands for.
 */
import { createMPT } from '@ethereumjs/mpt';
import { type Hex, toHex } from '@holdfast/units';
import { hexToBytes, keccak256, numberToHex, toRlp } from 'viem';
import type { RawHeader, RawLog, RawReceipt } from './wire.ts';

const scalar = (value: bigint | number): Hex => {
  const number = BigInt(value);
  if (number === 0n) return '0x';
  const text = numberToHex(number);
  return text.length % 2 === 0 ? text : `0x0${text.slice(2)}`;
};

/** Hash of a header: keccak of the RLP of its fields, those of later forks when they are there. */
export function hashOfHeader(header: RawHeader): Hex {
  const fields: Hex[] = [
    header.parentHash,
    header.sha3Uncles,
    header.miner,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    scalar(header.difficulty),
    scalar(header.number),
    scalar(header.gasLimit),
    scalar(header.gasUsed),
    scalar(header.timestamp),
    header.extraData,
    header.mixHash,
    header.nonce,
  ];
  const later = [
    header.baseFeePerGas === undefined ? undefined : scalar(header.baseFeePerGas),
    header.withdrawalsRoot,
    header.blobGasUsed === undefined ? undefined : scalar(header.blobGasUsed),
    header.excessBlobGas === undefined ? undefined : scalar(header.excessBlobGas),
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
  for (const field of later) {
    if (field === undefined) break;
    fields.push(field);
  }
  return keccak256(toRlp(fields));
}

/** Whether a bloom filter may contain an address; false is certain. */
export function mayContain(bloom: Hex, address: Hex): boolean {
  const bits = hexToBytes(bloom);
  const digest = hexToBytes(keccak256(address));
  for (let i = 0; i < 6; i += 2) {
    const bit = (((digest[i] as number) << 8) | (digest[i + 1] as number)) & 2047;
    if (((bits[255 - (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Root of the trie of receipts in their order, as the header has it. */
export async function rootOfReceipts(receipts: readonly RawReceipt[]): Promise<Hex> {
  const trie = await createMPT();
  for (const [i, receipt] of receipts.entries()) {
    const logs = receipt.logs.map((log) => [log.address, log.topics, log.data]);
    const status = scalar(receipt.status ?? 0n);
    const body = [status, scalar(receipt.cumulativeGasUsed), receipt.logsBloom, logs];
    const encoded = toRlp(body as never);
    const type = Number(receipt.type ?? 0n);
    const bytes = hexToBytes(type === 0 ? encoded : `0x0${type}${encoded.slice(2)}`);
    await trie.put(hexToBytes(toRlp(scalar(i))), bytes);
  }
  return toHex(trie.root());
}

/** The logs of some addresses, as one text: equal exactly if the logs are. */
export function digestOfLogs(logs: readonly RawLog[]): Hex {
  const rows = logs.map((log) => [
    scalar(log.logIndex),
    log.transactionHash,
    log.address,
    log.topics,
    log.data,
  ]);
  return keccak256(toRlp(rows as never));
}

/** Logs of these addresses among receipts, in the order of the block. */
export function logsOf(receipts: readonly RawReceipt[], addresses: ReadonlySet<Hex>): RawLog[] {
  return receipts.flatMap(({ logs }) => logs.filter(({ address }) => addresses.has(address)));
}
