/** A venue with a treasury, and a node that says whatever a test has it say. */
import { committeesAbi, treasuryAbi } from '@holdfast/abi';
import { serveJson, type Venue } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import {
  type Abi,
  type Address,
  decodeFunctionData,
  encodeAbiParameters,
  encodeErrorResult,
  encodeFunctionResult,
  erc20Abi,
  keccak256,
  numberToHex,
  pad,
} from 'viem';
import { type Instruction, lists, parsePolicy } from '../src/index.ts';

export const chainId = 31_337;
const at = (digits: string): Address => `0x${digits.repeat(20)}`;
export const treasury = at('aa');
export const registry = at('ab');
export const token = at('ac');
export const house = at('ad');
export const payee = at('55');
export const thief = at('66');
export const groupKey: Hex = `0x02${'77'.repeat(32)}`;
export const now = 1_800_000_000;
export const units = 10n ** 6n;

export function venueAt(rpcUrl = 'http://127.0.0.1:9'): Venue {
  const none = at('11');
  return {
    version: 1,
    chainId,
    rpcUrl,
    contracts: {
      clearingHouse: house,
      vault: at('12'),
      oracle: at('13'),
      verifier: at('14'),
      breaker: at('15'),
      parameters: at('16'),
      laws: at('17'),
      token,
    },
    deployBlock: 0,
    token: { symbol: 'tUSD', decimals: 6 },
    markets: [],
    // Time stands still, as on the node below.
    clock: { wallEpochMs: Date.now(), venueEpoch: now, speed: 0.0001 },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 2 },
    reporters: { k: 1, n: 1, addresses: [none] },
    treasury: {
      address: treasury,
      registry,
      id: 1,
      threshold: 2,
      key: groupKey as never,
      roster: `0x${'22'.repeat(32)}`,
      relay: { host: '127.0.0.1', port: 3 },
      account: 7,
    },
    sequencer: none,
    node: none,
    blockMs: 1000,
  };
}

/** A policy with everything in it that a test may hurt. */
export const policyFile = {
  version: 1,
  nodeAgeSecondsMax: 60,
  expirySecondsMax: 3_600,
  callsMax: 3,
  names: { payee },
  tokens: {
    tUSD: {
      recipients: ['payee', '0x6666666666666666666666666666666666666666'],
      instructionMax: '1000',
      dayMax: '1500',
      automatic: { recipients: ['payee'], instructionMax: '100', dayMax: '150' },
    },
  },
  calls: [
    { target: 'clearingHouse', function: 'withdraw', args: { to: ['treasury'] }, automatic: true },
  ],
};

export const openPolicy = (change: object = {}, rpcUrl?: string) =>
  parsePolicy({ ...policyFile, ...change }, venueAt(rpcUrl));

type Log = { address: Address; topics: Hex[]; data: Hex };

/** What the node says; a test changes one thing. */
export type Says = {
  chainId: number;
  time: number;
  code: Hex;
  registry: Address;
  key: bigint;
  nonce: bigint;
  place: number;
  allowed: boolean;
  decimals: number;
  small: bigint;
  /** Whether it plays what it is asked; the calls that it says wait. */
  waiting: 'as asked' | Hex;
  reverts: boolean;
  /** Change of a balance by the execution; the honest one pays 50 to the payee. */
  changes: Record<string, bigint>;
  logs: Log[];
  simulates: boolean;
};

export const honest = (): Says => ({
  chainId,
  time: now,
  code: '0x60',
  registry,
  key: BigInt(`0x${'77'.repeat(32)}`),
  nonce: 4n,
  place: 1,
  allowed: true,
  decimals: 6,
  small: 500n * units,
  waiting: 'as asked',
  reverts: false,
  changes: { [treasury]: -50n * units, [payee]: 50n * units },
  logs: [],
  simulates: true,
});

const word = (value: number | bigint): Hex => numberToHex(value);
const quiet = `0x${'00'.repeat(256)}` as Hex;

function answerCall(says: Says, to: string, data: Hex): Hex {
  const of = (abi: unknown, result: unknown, functionName: string): Hex =>
    encodeFunctionResult({ abi: abi as Abi, functionName, result } as never);
  if (to === registry) {
    return of(committeesAbi, [{ x: says.key, isOdd: false }, 3], 'key');
  }
  if (to === token) return of(erc20Abi, says.decimals, 'decimals');
  const { functionName, args } = decodeFunctionData({ abi: treasuryAbi, data });
  const answers: Record<string, unknown> = {
    committees: says.registry,
    nextNonce: says.nonce,
    limits: [says.small, 20_000n * units, `${args?.[0]}`.toLowerCase() === token ? says.place : 0],
    isAllowed: says.allowed,
    usedInDay: [0n, 0n],
    smallDelaySeconds: 3_600n,
    largeDelaySeconds: 86_400n,
  };
  return of(treasuryAbi, answers[functionName], functionName);
}

type Asked = { to: string; data: Hex };

function play(says: Says, calls: readonly Asked[]): object[] {
  let isDone = false;
  return calls.map(({ to, data }) => {
    const end = (returnData: Hex, more: object = {}) => ({
      returnData,
      gasUsed: '0x1',
      status: '0x1',
      logs: [],
      ...more,
    });
    if (to === treasury) {
      const { functionName } = decodeFunctionData({ abi: treasuryAbi, data });
      if (functionName === 'waiting') {
        const hash = says.waiting === 'as asked' ? expectedHash : says.waiting;
        return end(
          encodeFunctionResult({ abi: treasuryAbi, functionName, result: [hash, now, 3] }),
        );
      }
      isDone = true;
      if (!says.reverts) return end('0x', { logs: says.logs });
      const abi = treasuryAbi;
      const why = [token, 5n, 1n] as const;
      const error = encodeErrorResult({ abi, errorName: 'DayExceeded', args: why });
      return end(error, { status: '0x0', error: { code: 3, message: 'reverted' } });
    }
    const [holder] = decodeFunctionData({ abi: erc20Abi, data }).args as readonly [Address];
    const change = isDone ? (says.changes[holder.toLowerCase()] ?? 0n) : 0n;
    return end(pad(numberToHex(10n ** 12n + change), { size: 32 }));
  });
}

let expectedHash: Hex = quiet;
/** The instruction that the node is going to be asked about. */
export function expectInstruction(instruction: Instruction): void {
  const { targets, data } = lists(instruction);
  const types = [{ type: 'address[]' }, { type: 'bytes[]' }] as const;
  expectedHash = keccak256(encodeAbiParameters(types, [targets, data]));
}

export type FakeNode = {
  readonly node: { says: Says };
  readonly url: string;
  close(): Promise<void>;
};

/** Starts the node. */
export async function startNode(): Promise<FakeNode> {
  const node = { says: honest() };
  const hash = `0x${'0b'.repeat(32)}`;
  const block = () => ({
    number: word(9),
    timestamp: word(node.says.time),
    hash,
    parentHash: hash,
    transactions: [],
    gasLimit: word(1),
    gasUsed: word(1),
    baseFeePerGas: word(1),
    difficulty: word(0),
    size: word(0),
    totalDifficulty: null,
  });
  function result(method: string, params: readonly unknown[]): unknown {
    const { says } = node;
    if (method === 'eth_chainId') return word(says.chainId);
    if (method === 'eth_getBlockByNumber') return block();
    if (method === 'eth_getCode') return says.code;
    if (method === 'eth_call') {
      const { to, data } = params[0] as Asked;
      return answerCall(says, to.toLowerCase(), data);
    }
    if (method !== 'eth_simulateV1' || !says.simulates) return undefined;
    const { blockStateCalls } = params[0] as { blockStateCalls: { calls: Asked[] }[] };
    const calls = blockStateCalls[0]?.calls.map((call) => ({ ...call, to: call.to.toLowerCase() }));
    return [{ ...block(), calls: play(says, calls ?? []) }];
  }
  const server = await serveJson({
    host: '127.0.0.1',
    port: 0,
    routes: {
      'POST /': ({ body }) => {
        const {
          id,
          method,
          params = [],
        } = body as { id: number; method: string; params: unknown[] };
        const found = result(method, params);
        const error = { code: -32_601, message: `there is no ${method}` };
        const reply = found === undefined ? { error } : { result: found };
        return { status: 200, body: { jsonrpc: '2.0', id, ...reply } };
      },
    },
  });
  return { node, url: `http://127.0.0.1:${server.port}`, close: () => server.close() };
}
