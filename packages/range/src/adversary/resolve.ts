/** From the words of a step to what a contract takes. */
import type { SignedWithdrawal } from '@holdfast/sdk';
import type { Hex } from '@holdfast/units';
import { type AbiFunction, type AbiParameter, encodeFunctionData } from 'viem';
import { signatureOf } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';
import type { Call, Role, Value } from './steps.ts';
import { abiOf } from './targets.ts';

const zero = `0x${'00'.repeat(20)}` as Hex;

/** Address of a contract of the venue by the name of its source; undefined where there is none. */
export function placeOf(world: World, name: string): Hex | undefined {
  if (name === 'TestToken') return world.venue.contracts.token;
  return world.stack.placed.get(name)?.address;
}

function addressOf(world: World, word: string): Hex {
  if (!word.startsWith('@')) return word as Hex;
  const name = word.slice(1);
  if (name === 'zero') return zero;
  return world.memory.people.get(name)?.address ?? placeOf(world, name) ?? zero;
}

export function accountOf(world: World, word: string): number {
  return world.memory.people.get(word.slice(1))?.account ?? 0;
}

/** Who signs a report of this kind. */
function signersOf(kind: string, roles: readonly Role[]): string[] {
  const isTwo = roles.includes('reporters') || roles.includes('majority');
  const captured = isTwo ? 2 : roles.includes('reporter') ? 1 : 0;
  const own = ['reporter-1', 'reporter-2'].slice(0, captured);
  if (kind === 'alone') return own.length > 0 ? own : ['mallory'];
  // A report whose honest observations outnumber the lies: what the verifier assumes.
  if (kind === 'mixed') return ['reporter-1', 'reporter-4', 'reporter-5'];
  return ['reporter-3', 'reporter-4', 'reporter-5'];
}

/** `report:KIND:PPM`: prices of now times the factor, as far as the captured keys can sign. */
export function reportOf(world: World, word: string, roles: readonly Role[]): Hex {
  const [, kind = 'old', ppm = '1000000'] = word.split(':');
  const prices = world.venue.markets.slice(0, 2).map(({ id, symbol }) => {
    return [symbol, world.memory.prices.get(id) ?? 0] as const;
  });
  const tick = (symbol: string): number => Number(world.market(symbol).tickSize);
  const text = (symbol: string, ticks: number): string => {
    const places = world.market(symbol).tickSize.split('.')[1]?.length ?? 0;
    return (Math.max(1, ticks) * tick(symbol)).toFixed(places);
  };
  const honest = Object.fromEntries(prices.map(([s, ticks]) => [s, text(s, ticks)]));
  const lie = Object.fromEntries(
    prices.map(([s, ticks]) => [s, text(s, Math.round((ticks * Number(ppm)) / 1_000_000))]),
  );
  const signers = signersOf(kind, roles);
  if (kind === 'most' && roles.includes('majority')) {
    const lies = { 'reporter-1': lie, 'reporter-2': lie };
    return world.report(honest, { time: world.memory.time, lies });
  }
  // An honest report that the adversary kept: signed at its time, of its round.
  const time = kind === 'old' ? world.memory.time - 60 : world.memory.time;
  if (kind === 'alone') return world.report(lie, { signers, time });
  return world.report(honest, {
    signers,
    time,
    lies: kind === 'mixed' ? { 'reporter-1': lie } : {},
  });
}

/** @throws when the words do not make sense for the type: such a step does nothing */
export function wordOf(
  world: World,
  parameter: AbiParameter,
  value: Value,
  roles: readonly Role[],
): unknown {
  const { type } = parameter;
  const list = /^(.*)\[\d*\]$/.exec(type);
  if (list !== null) {
    const one = { ...parameter, type: list[1] ?? '' } as AbiParameter;
    return (value as Value[]).map((each) => wordOf(world, one, each, roles));
  }
  if (type === 'tuple' && 'components' in parameter) {
    const fields = value as Record<string, Value>;
    return Object.fromEntries(
      parameter.components.map((part) => {
        const name = part.name ?? '';
        return [name, wordOf(world, part, fields[name] ?? '0', roles)];
      }),
    );
  }
  if (typeof value !== 'string' || type === 'string') return value;
  if (type === 'address') return addressOf(world, value);
  if (type === 'bytes') {
    if (value.startsWith('report:')) return reportOf(world, value, roles);
    return value.startsWith('sig:') ? '0x' : value;
  }
  if (type.startsWith('bytes')) return value;
  return value.startsWith('#') ? BigInt(accountOf(world, value)) : BigInt(value);
}

/** A call as bytes; undefined where its words make no sense. */
export async function encodeCall(
  world: World,
  { contract, fn, args }: Call,
  roles: readonly Role[],
): Promise<{ to: Hex; data: Hex } | undefined> {
  const abi = abiOf(contract);
  const to = placeOf(world, contract);
  const found = abi?.find(
    (entry): entry is AbiFunction =>
      entry.type === 'function' && entry.name === fn && entry.inputs.length === args.length,
  );
  if (to === undefined || found === undefined) return undefined;
  try {
    const values = found.inputs.map((input, i) => wordOf(world, input, args[i] ?? '0', roles));
    const name = args.find((arg) => typeof arg === 'string' && arg.startsWith('sig:')) as string;
    if (fn === 'withdrawSigned' && name !== undefined && !name.endsWith('puppet')) {
      // The adversary has the keys of its own people alone.
      const own = name.startsWith('sig:mallory') ? name.slice(4) : 'mallory';
      values[1] = await signatureOf(world, own, values[0] as SignedWithdrawal);
    }
    return { to, data: encodeFunctionData({ abi: [found], args: values }) };
  } catch {
    return undefined;
  }
}
