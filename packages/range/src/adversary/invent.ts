/** Invents steps: entry points with plausible and hostile arguments, from a seeded stream. */
import type { Random } from '@holdfast/trader';
import type { AbiParameter } from 'viem';
import type { Call, Fill, OrderRef, Role, Step, Value } from './steps.ts';
import type { Target } from './targets.ts';

/** Names of the adversary's own accounts, the contract's last. */
export const ownNames = ['mallory', 'mallory-b', 'puppet'] as const;
const traders = ['mallory', 'mallory-b'] as const;
export const victims = ['alice', 'bob', 'carol'] as const;
const symbols = ['BTC-USD', 'ETH-USD'] as const;

export interface Mind {
  readonly random: Random;
  readonly targets: readonly Target[];
  readonly roles: readonly Role[];
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

const pow = (bits: number): bigint => 2n ** BigInt(bits);
/** Whole tokens and the edges of what a number can be. */
const amounts = [1n, 100n, 5_000n, 49_000n, 190_000n, 400_000n, 1_000_000n];

function integer(mind: Mind, bits: number, isSigned: boolean): string {
  const { random } = mind;
  const most = pow(isSigned ? bits - 1 : bits) - 1n;
  const edges = [0n, 1n, most, most / 2n, isSigned ? -1n : 2n, isSigned ? -most : 3n];
  if (random.chance(0.3)) return String(pick(random, edges));
  const small = BigInt(random.below(10 ** (1 + random.below(9))));
  return String(small > most ? most : small);
}

function amountOf(mind: Mind, bits: number): string {
  if (mind.random.chance(0.15)) return integer(mind, bits, false);
  const value = pick(mind.random, amounts) * 1_000_000n;
  return String(value < pow(bits) ? value : pow(bits) - 1n);
}

function named(mind: Mind): string {
  const { random } = mind;
  return random.chance(0.75) ? pick(random, ownNames) : pick(random, victims);
}

function addressOf(mind: Mind, name: string): string {
  const { random } = mind;
  if (/token/i.test(name) && random.chance(0.9)) return '@TestToken';
  if (random.chance(0.85)) return `@${named(mind)}`;
  return pick(random, ['@zero', '@Vault', '@ClearingHouse', '@Backstop', '@TestToken']);
}

const isAccount = /account|^id$|^from$|^to$|taker|keeper|relayer|counterpart/i;
const isAmount = /amount|shares|quote|value/i;

function reportOf(mind: Mind): string {
  const { random, roles } = mind;
  const kinds = ['old', 'alone'];
  if (roles.includes('reporter') || roles.includes('reporters')) kinds.push('mixed', 'alone');
  if (roles.includes('majority')) kinds.push('most', 'most', 'most');
  const factors = [910_000, 950_000, 990_000, 1_000_000, 1_010_000, 1_050_000, 1_090_000, 50_000];
  return `report:${pick(random, kinds)}:${pick(random, factors)}`;
}

function bytesOf(mind: Mind, name: string): string {
  const { random } = mind;
  if (name === 'report') return random.chance(0.6) ? '0x' : reportOf(mind);
  if (/signature/i.test(name)) return random.chance(0.8) ? `sig:${named(mind)}` : '0x';
  return random.chance(0.5) ? '0x' : `0x${'5a'.repeat(1 + random.below(64))}`;
}

/** An argument of a parameter, by its type, with its name as a hint. */
export function argument(mind: Mind, parameter: AbiParameter): Value {
  const { random } = mind;
  const { type, name = '' } = parameter;
  const list = /^(.*)\[(\d*)\]$/.exec(type);
  if (list !== null) {
    const count = list[2] ? Number(list[2]) : random.below(3);
    const one = { ...parameter, type: list[1] ?? '' } as AbiParameter;
    return Array.from({ length: count }, () => argument(mind, one));
  }
  if (type === 'tuple' && 'components' in parameter) {
    const parts = parameter.components;
    return Object.fromEntries(parts.map((part) => [part.name ?? '', argument(mind, part)]));
  }
  if (type === 'address') return addressOf(mind, name);
  if (type === 'bool') return random.chance(0.5);
  if (type === 'bytes') return bytesOf(mind, name);
  if (type === 'string') return 'x';
  const fixed = /^bytes(\d+)$/.exec(type);
  if (fixed !== null) return `0x${(random.chance(0.5) ? '00' : 'a7').repeat(Number(fixed[1]))}`;
  const bits = Number(/(\d+)$/.exec(type)?.[1] ?? 256);
  if (type === 'uint32' && isAccount.test(name)) return `#${named(mind)}`;
  if (bits <= 16 && /market|scope|pool|^id$/i.test(name)) return String(random.below(3));
  if (/expiry|deadline|when/i.test(name)) return String(1_800_000_000 + random.below(10 ** 7));
  if (/nonce|number/i.test(name)) return String(random.below(4));
  if (isAmount.test(name)) return amountOf(mind, bits);
  return integer(mind, bits, type.startsWith('int'));
}

/** The contracts that money passes through are tried more often than the rest. */
function someTarget(mind: Mind): Target {
  const { random, targets } = mind;
  if (random.chance(0.4)) return pick(random, targets);
  const money = targets.filter(({ contract }) =>
    ['ClearingHouse', 'Backstop', 'ForcedQueue', 'Vault'].includes(contract),
  );
  return pick(random, money);
}

function callOf(mind: Mind): Call {
  const { contract, fn } = someTarget(mind);
  const args = fn.inputs.map((input) => argument(mind, input));
  const call = { contract, fn: fn.name, args };
  const { random } = mind;
  if (!random.chance(0.08)) return call;
  return { ...call, gas: pick(random, [60_000, 120_000, 250_000, 500_000]) };
}

/** A report reaches the chain by the sequencer, or with a withdrawal of a token by anybody. */
function liesOf(mind: Mind): Call {
  const contract = 'ClearingHouse';
  const report = reportOf(mind);
  if (mind.roles.includes('sequencer')) return { contract, fn: 'push', args: [report] };
  return { contract, fn: 'withdraw', args: ['#mallory', '1000000', '@mallory', report] };
}

/** Calls that belong together more often than chance would have it. */
function plausible(mind: Mind): Call {
  const { random } = mind;
  const [from, to] = [pick(random, ownNames), pick(random, ownNames)];
  const amount = amountOf(mind, 88);
  const report = random.chance(0.7) ? '0x' : reportOf(mind);
  const contract = 'ClearingHouse';
  switch (random.below(5)) {
    case 0:
      return { contract, fn: 'withdraw', args: [`#${from}`, amount, `@${to}`, report] };
    case 1:
      return { contract, fn: 'transfer', args: [`#${from}`, `#${to}`, amount, report] };
    case 2:
      return { contract, fn: 'deposit', args: ['@TestToken', `#${from}`, amount] };
    case 3: {
      const victim = random.chance(0.5) ? pick(random, victims) : from;
      const lots = String(pick(random, [1, 100, 500, 1_000]));
      const market = String(random.below(2));
      return {
        contract,
        fn: 'liquidate',
        args: [`#${victim}`, market, lots, `#${pick(random, traders)}`, report],
      };
    }
    default:
      return liesOf(mind);
  }
}

const fieldEdits = (random: Random): Record<string, string | boolean> => {
  const edits: readonly Record<string, string | boolean>[] = [
    ...Array.from({ length: 4 }, () => ({ account: `#${pick(random, victims)}` })),
    { size: '5000' },
    { expiry: '1900000000' },
    { seq: '99' },
    { lane: '3' },
    { isBuy: random.chance(0.5) },
    { epoch: '0' },
    { reduceOnly: true },
  ];
  return pick(random, edits);
};

function ownOrder(mind: Mind, by: string, side: 'buy' | 'sell', size: string): OrderRef {
  const ppm = 1_000_000 + 1_000 * (mind.random.below(101) - 50);
  return { by, side, size, ppm };
}

/** A trade; with the sequencer's key also what no honest sequencer would settle. */
function fillOf(mind: Mind): Fill {
  const { random, roles } = mind;
  const size = pick(random, ['0.01', '0.5', '2', '5', '20']);
  const makerSells = random.chance(0.5);
  const [a, b] = random.chance(0.5) ? traders : ([traders[1], traders[0]] as const);
  const maker = ownOrder(mind, a, makerSells ? 'sell' : 'buy', size);
  const opposite = makerSells ? ('buy' as const) : ('sell' as const);
  const taker = { ...ownOrder(mind, b, opposite, size), ppm: makerSells ? 1_060_000 : 940_000 };
  if (!roles.includes('sequencer') || random.chance(0.3)) return { maker, taker };
  // The first two are those of honest people.
  const known = { known: random.below(random.chance(0.7) ? 2 : 8) };
  switch (random.below(5)) {
    case 0:
      return { maker: known, taker };
    case 1:
      return { maker: { ...known, after: fieldEdits(random) }, taker };
    case 2:
    case 3:
      return { maker: { ...maker, after: fieldEdits(random) }, taker };
    default:
      return { maker, taker, ppm: pick(random, [900_000, 990_000, 1_010_000, 1_100_000]) };
  }
}

function settlement(mind: Mind): Step {
  const { random, roles } = mind;
  const fills = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => fillOf(mind));
  const market = pick(random, symbols);
  const isOurs = roles.includes('sequencer');
  if (!isOurs || random.chance(0.8)) return { do: 'settle', market, fills };
  return { do: 'settle', market, fills, report: reportOf(mind) };
}

/** Who can send something. */
function senders({ roles }: Mind): string[] {
  const names: string[] = [...traders];
  if (roles.includes('sequencer')) names.push('sequencer');
  if (roles.includes('guardian')) names.push('guardian-1');
  if (roles.includes('keeper')) names.push('keeper');
  return names;
}

const senderOf = (roles: readonly Role[]): string =>
  roles.includes('sequencer') ? 'sequencer' : 'mallory';

export function invent(mind: Mind): Step {
  const { random, roles } = mind;
  if (roles.includes('sequencer') && random.chance(0.3)) return settlement(mind);
  if (roles.some((role) => role.startsWith('report') || role === 'majority')) {
    if (random.chance(0.2)) return { do: 'call', by: senderOf(roles), ...liesOf(mind) };
  }
  const dice = random.next();
  if (dice < 0.2) return settlement(mind);
  if (dice < 0.5) {
    const call = plausible(mind);
    const [first] = call.args;
    const owner = String(first).slice(1);
    const isPush = call.fn === 'push';
    const by = isPush ? senderOf(roles) : owner === 'mallory-b' ? owner : 'mallory';
    if (owner === 'puppet') return { do: 'puppet', first: [call], inside: [] };
    return { do: 'call', by, ...call };
  }
  if (dice < 0.8) return { do: 'call', by: pick(random, senders(mind)), ...callOf(mind) };
  if (dice < 0.91) {
    const some = () => (random.chance(0.6) ? plausible(mind) : callOf(mind));
    const one = { contract: 'ClearingHouse', fn: 'withdraw' };
    const pays = { ...one, args: ['#puppet', amountOf(mind, 88), '@puppet', '0x'] };
    const first = random.chance(0.5) ? [pays] : [some()];
    const inside = Array.from({ length: random.below(3) }, some);
    return { do: 'puppet', first, inside };
  }
  if (dice < 0.97) {
    return { do: 'wait', seconds: pick(random, [2, 30, 700, 3_600, 7_300, 90_000]) };
  }
  return { do: 'reorg', steps: 1 + random.below(4) };
}
