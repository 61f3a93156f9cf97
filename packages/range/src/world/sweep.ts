/** Every function of every contract of the venue, with arguments from a dictionary and a seed. */
import * as abis from '@holdfast/abi';
import { fetchJson } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { type Abi, type AbiFunction, type AbiParameter, encodeFunctionData, parseAbi } from 'viem';
import type { Ground } from './ground.ts';

/** What initialisers, proxies and owners are called elsewhere; the venue has none of them. */
const foreign = parseAbi([
  'function initialize()',
  'function initialize(address)',
  'function init(address)',
  'function upgradeTo(address)',
  'function upgradeToAndCall(address,bytes)',
  'function transferOwnership(address)',
  'function setOwner(address)',
  'function grantRole(bytes32,address)',
  'function execute(address,uint256,bytes)',
  'function multicall(bytes[])',
]);

export interface Probe {
  readonly what: string;
  readonly to: Hex;
  readonly data: Hex;
  readonly value: bigint;
}

/** Values that mean something here, by the first letters of a type. */
export interface Dictionary {
  readonly accounts: readonly number[];
  readonly amounts: readonly bigint[];
  readonly addresses: readonly Hex[];
}

type Choose = (below: number) => number;

const widthOf = (type: string): number => Number(type.replace(/\D+/g, '')) || 256;

function chosenFor(param: AbiParameter, words: Dictionary, choose: Choose): unknown {
  const { type } = param;
  const pick = <T>(all: readonly T[]): T => all[choose(all.length)] as T;
  if (type.endsWith(']')) {
    const [, item = '', count = ''] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
    const length = count === '' ? 1 : Number(count);
    return Array.from({ length }, () => chosenFor({ ...param, type: item }, words, choose));
  }
  if (type === 'tuple') {
    const { components = [] } = param as { components?: AbiParameter[] };
    return Object.fromEntries(
      components.map((each) => [each.name, chosenFor(each, words, choose)]),
    );
  }
  if (type === 'address') return pick(words.addresses);
  if (type === 'bool') return choose(2) === 1;
  if (type === 'string') return '';
  if (type === 'bytes') return pick(['0x', '0x', '0x00']);
  if (type.startsWith('bytes')) return `0x${'00'.repeat(widthOf(type))}`;
  const width = widthOf(type);
  if (type === 'uint32') return pick(words.accounts);
  if (width <= 48) return pick([0, 1, 100]);
  return pick(words.amounts) % 2n ** BigInt(type.startsWith('u') ? width : width - 1);
}

const isChange = (each: { type: string }): each is AbiFunction => {
  const { type, stateMutability } = each as AbiFunction;
  return type === 'function' && (stateMutability === 'nonpayable' || stateMutability === 'payable');
};

/** Every function that changes something, by the contract that has it; the faucet left out. */
function functionsOf(world: Ground): [name: string, to: Hex, each: AbiFunction][] {
  const all = abis as unknown as Record<string, Abi | undefined>;
  return [...world.stack.placed]
    .filter(([name]) => name !== 'TestToken')
    .flatMap(([name, { address }]) => {
      const known = all[`${name[0]?.toLowerCase()}${name.slice(1)}Abi`] ?? [];
      const changes = [...known, ...foreign].filter(isChange);
      return changes.map((each): [string, Hex, AbiFunction] => [name, address, each]);
    });
}

/**
 * `plain` tries of each function with the dictionary counted through, the first words first, and
 * `wild` ones from the seed.
 */
export function probes(world: Ground, words: Dictionary, plain: number, wild: number): Probe[] {
  return functionsOf(world).flatMap(([name, to, each]) =>
    Array.from({ length: plain + wild }, (_, i): Probe => {
      let left = i;
      const counted: Choose = (below) => {
        const found = left % Math.min(below, 2);
        left = Math.floor(left / 2);
        return found;
      };
      const choose = i < plain ? counted : (below: number) => world.random(below);
      const args = each.inputs.map((param) => chosenFor(param, words, choose));
      const data = encodeFunctionData({ abi: [each], functionName: each.name, args } as never);
      const value = each.stateMutability === 'payable' && i % 2 === 0 ? 10n ** 14n : 0n;
      return { what: `${name}.${each.name}`, to, data, value };
    }),
  );
}

const perRequest = 250;

/** Those that the newest block would let through from an address, in order. */
export async function open(world: Ground, from: Hex, all: readonly Probe[]): Promise<Probe[]> {
  const found: Probe[] = [];
  for (let at = 0; at < all.length; at += perRequest) {
    const part = all.slice(at, at + perRequest);
    const body = part.map(({ to, data, value }, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'eth_call',
      params: [{ from, to, data, value: `0x${value.toString(16)}`, gas: '0x2dc6c0' }, 'latest'],
    }));
    const reply = await fetchJson(world.venue.rpcUrl, { body, timeoutMs: 30_000 });
    const rows = reply.body as { id: number; result?: Hex }[];
    const through = new Set(rows.filter(({ result }) => result !== undefined).map(({ id }) => id));
    found.push(...part.filter((_, id) => through.has(id)));
  }
  return found;
}
