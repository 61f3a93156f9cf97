import { type ChainReader, fetchJson, type Venue } from '@holdfast/host';
import { parseAbi } from 'viem';
import type { Service } from './service.ts';

const chAbi = parseAbi(['function batchNumber() view returns (uint64)']);
const vaultAbi = parseAbi([
  'function liabilities() view returns (uint256)',
  'function queued() view returns (uint256)',
]);
const tokenAbi = parseAbi(['function balanceOf(address) view returns (uint256)']);

/** One look at a running venue. */
export interface VenueStatus {
  block: number;
  batches: number;
  fills: number;
  commands: number;
  accounts: number;
  /** The node takes orders. */
  nodeOk: boolean;
  /** Why not, when it says. */
  nodeSays: string;
  /** The vault holds at least what it owes and what is queued. */
  covered: boolean;
  restarts: number;
  /** Reporters of the committee, and those that are heard; none where there is no committee. */
  reporters?: { heard: number; size: number } | undefined;
  atMs: number;
}

interface NodeStatus {
  ok?: boolean;
  halted?: string;
  fills?: number;
  accounts?: number;
  journal?: { commands?: number };
}

async function chainSide(venue: Venue, reader: ChainReader) {
  const { clearingHouse, vault, token } = venue.contracts;
  const read = (address: typeof vault, abi: unknown, functionName: string, args: unknown[] = []) =>
    reader.readContract({ address, abi, functionName, args } as never) as Promise<bigint>;
  const [block, batches, owed, waits, held] = await Promise.all([
    reader.getBlockNumber(),
    read(clearingHouse, chAbi, 'batchNumber'),
    read(vault, vaultAbi, 'liabilities'),
    read(vault, vaultAbi, 'queued'),
    read(token, tokenAbi, 'balanceOf', [vault]),
  ]);
  return { block: Number(block), batches: Number(batches), covered: held >= owed + waits };
}

async function reportersHeard(venue: Venue): Promise<VenueStatus['reporters']> {
  if (venue.committee === undefined) return undefined;
  const { host, port } = venue.relay;
  const size = venue.reporters.n;
  try {
    const { body } = await fetchJson(`http://${host}:${port}/v1/committee`, { timeoutMs: 3000 });
    return { heard: size - (body as { silent: unknown[] }).silent.length, size };
  } catch {
    return { heard: 0, size };
  }
}

/** Asks node and chain; what does not answer counts as zero and not ok. */
export async function readStatus(
  venue: Venue,
  reader: ChainReader,
  services: readonly Service[],
): Promise<VenueStatus> {
  const url = `http://${venue.gateway.host}:${venue.gateway.port}/v1/status`;
  const none = { block: 0, batches: 0, covered: false };
  const [chain, reporters, node] = await Promise.all([
    chainSide(venue, reader).catch(() => none),
    reportersHeard(venue),
    fetchJson(url, { timeoutMs: 3000 }).catch(() => undefined),
  ]);
  const body = (node?.status === 200 ? node.body : {}) as NodeStatus;
  return {
    ...chain,
    fills: Number(body.fills ?? 0),
    commands: Number(body.journal?.commands ?? 0),
    accounts: Number(body.accounts ?? 0),
    nodeOk: body.ok === true,
    nodeSays: body.halted ?? (node === undefined ? 'does not answer' : ''),
    restarts: services.reduce((sum, service) => sum + service.restarts(), 0),
    reporters,
    atMs: Date.now(),
  };
}

/** The status as one line, with rates since the last look. */
export function statusLine(now: VenueStatus, before: VenueStatus | undefined): string {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  const rate = (field: 'fills' | 'commands'): string => {
    const known = before !== undefined && before.commands > 0 && now.commands > 0;
    if (!known || seconds <= 0 || now[field] < before[field]) return '–';
    return ((now[field] - before[field]) / seconds).toFixed(1);
  };
  const laws = now.nodeOk && now.covered ? 'laws hold' : `ATTENTION: node ${now.nodeSays || 'ok'}`;
  const vault = now.covered ? '' : ', vault short or chain silent';
  const restarts = now.restarts === 0 ? '' : ` | restarts ${now.restarts}`;
  const { heard = 0, size = 0 } = now.reporters ?? {};
  const silent = heard === size ? '' : ` | reporters ${heard}/${size}`;
  return [
    `block ${now.block}`,
    `batches ${now.batches}`,
    `fills ${now.fills} (${rate('fills')}/s)`,
    `commands ${rate('commands')}/s`,
    `accounts ${now.accounts}`,
    `${laws}${vault}${silent}${restarts}`,
  ].join(' | ');
}
