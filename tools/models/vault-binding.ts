/** The model of withdrawals carried out by the vault, with the breaker as the guardians' book. */
import {
  breakerAbi,
  breakerBytecode,
  testTokenAbi,
  testTokenBytecode,
  vaultAbi,
  vaultBytecode,
} from '@holdfast/abi';
import type { Hex } from 'viem';
import type { Action } from './model.ts';
import {
  type Binding,
  type Call,
  callOf,
  created,
  creationOf,
  party,
  type Word,
  wordContract,
} from './program.ts';
import { room, vaultTerms as terms, type VaultState } from './vault.ts';

const unit = 1_000_000;
const units = (count: number): bigint => BigInt(count * unit);
const [governor, stranger, depositor] = [party(1), party(2), party(3)];
const guardianOf = (who: number) => party(16 + who);
const recipientOf = (account: number) => party(32 + account);
const zero: Hex = `0x${'00'.repeat(20)}`;

// The clearing house answers what is uncovered; the other word is the governor's address.
const [house, governed] = [created(0), created(1)];
const breaker = { abi: breakerAbi, address: created(2) };
const token = { abi: testTokenAbi, address: created(3) };
const vault = { abi: vaultAbi, address: created(4) };

const store = (to: Hex, word: bigint): Call => ({
  from: stranger,
  to,
  data: `0x00000000${word.toString(16).padStart(64, '0')}`,
});

const windows = {
  hourFloorQuote: units(terms.hourBudget),
  dayFloorQuote: units(terms.dayBudget),
  hourPpm: 0n,
  dayPpm: 0n,
};
const rules = {
  reservePpm: BigInt((1_000_000 * terms.hourReserve) / terms.hourBudget),
  smallPpm: 0n,
  smallFloorQuote: units(terms.smallMax),
  largePpm: BigInt((1_000_000 * terms.largeMin) / terms.hourBudget),
  delaySeconds: BigInt(terms.delaySeconds),
  vetoSeconds: BigInt(terms.vetoSeconds),
};
const limits = {
  holdSecondsMax: 3_600n,
  clearDelaySeconds: 3_600n,
  guardianDelaySeconds: 86_400n,
  haltSecondsMax: 3_600n,
  quorumMin: 2n,
  silenceSeconds: 0n,
};

function call(s: VaultState, { by, name, args }: Action): Call {
  const [first, second] = args as [number, number];
  switch (name) {
    case 'withdraw': {
      const uncovered = BigInt(s.uncovered);
      return callOf(vault, house, 'pay', [recipientOf(first), units(second), first, uncovered]);
    }
    case 'exit':
      return callOf(vault, house, 'payForced', [recipientOf(first), units(second), first]);
    case 'release':
      return callOf(vault, stranger, name, [BigInt(first)]);
    case 'veto':
      return callOf(vault, guardianOf(Number(by.at(-1))), name, [BigInt(first)]);
    case 'reclaim':
      return callOf(vault, house, 'takeBack', [BigInt(first)]);
    case 'remove':
      return callOf(breaker, governor, 'removeGuardian', [guardianOf(first)]);
    default:
      return store(house, BigInt(first));
  }
}

/** Ids whose entries are looked at: the first places of each line. */
const idsOf = (placesMax: number): number[] =>
  Array.from({ length: placesMax * 3 }, (_, i) => (1 + Math.floor(i / 3)) * 4 + (i % 3));

const states = { waiting: 1, vetoed: 2 } as const;

function entryWords(s: VaultState, id: number): Word[] {
  const entry = s.entries.find((each) => each.id === id);
  if (!entry) return [zero, 0, 0, 0, 0, 0];
  const { account, readyAt, state, amount, until } = entry;
  return [recipientOf(account), readyAt, states[state], account, amount * unit, until];
}

/** @param initial gives the accounts and what they have */
export function vaultBinding(initial: VaultState): Binding<VaultState> {
  const accounts = initial.cash.map((_, account) => account);
  const total = initial.cash.reduce((sum, each) => sum + each, 0);
  const ids = idsOf(3);
  const view = (of: typeof vault | typeof token, name: string, ...args: unknown[]) =>
    callOf(of, stranger, name, args);

  return {
    creations: [
      wordContract,
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, [0, 1, 2].map(guardianOf), limits]),
      creationOf(testTokenAbi, testTokenBytecode, ['Test Dollar', 'TUSD', 6]),
      creationOf(vaultAbi, vaultBytecode, [token.address, house, breaker.address, windows, rules]),
    ],
    setup: [
      store(governed, BigInt(governor)),
      callOf(token, depositor, 'mint', [depositor, units(total)]),
      callOf(token, depositor, 'approve', [vault.address, units(total)]),
      callOf(vault, house, 'take', [depositor, units(total)]),
    ],
    views: [
      view(vault, 'liabilities'),
      view(vault, 'queued'),
      view(vault, 'lines'),
      view(vault, 'room'),
      view(vault, 'gateUntil'),
      ...accounts.map((account) => view(token, 'balanceOf', recipientOf(account))),
      ...ids.map((id) => view(vault, 'withdrawal', BigInt(id))),
    ],
    call,
    varies: ({ name }) => name === 'withdraw',
    expected: (s, mutant): Word[] => {
      const { common, reserved } = room(s, mutant);
      return [
        s.cash.reduce((sum, each) => sum + each, 0) * unit,
        s.entries.reduce((sum, { amount }) => sum + amount, 0) * unit,
        ...s.heads,
        ...s.tails,
        common * unit,
        reserved * unit,
        s.gatedAt === 0 ? 0 : s.gatedAt + terms.gateSeconds,
        ...s.received.map((amount) => amount * unit),
        ...ids.flatMap((id) => entryWords(s, id)),
      ];
    },
  };
}
