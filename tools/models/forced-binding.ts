/** The model of the way out carried out by a whole venue: every contract, real signatures. */
import * as abi from '@holdfast/abi';
import {
  assembleReport,
  encodeReport,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
} from '@holdfast/oracle';
import { addressOf, domain, signDigest } from '@holdfast/order';
import { withdrawalTypes } from '@holdfast/sdk';
import { keccak256, toHex } from '@holdfast/units';
import {
  type Abi,
  type Address,
  compactSignatureToSignature,
  type Hex,
  hashTypedData,
  hexToBytes,
  parseCompactSignature,
  serializeSignature,
} from 'viem';
import { parameters } from '../gas/venue.ts';
import { type ForcedState, levelAt, forcedTerms as terms } from './forced.ts';
import type { Action } from './model.ts';
import {
  type Binding,
  type Call,
  callOf,
  created,
  creationOf,
  party,
  type Word,
} from './program.ts';

const chainId = 31_337;
const unit = 1_000_000;
const feeWei = 1n;
const keyOf = (name: string): Uint8Array => keccak256(new TextEncoder().encode(name));
const ownerKey = keyOf('owner');
const reporterKeys = [keyOf('reporter 0'), keyOf('reporter 1')].sort((a, b) =>
  addressOf(a) < addressOf(b) ? -1 : 1,
);

const parties: Readonly<Record<string, Address>> = {
  owner: addressOf(ownerKey),
  neighbour: party(1),
  operator: party(2),
  stranger: party(3),
  governor: party(4),
  guardian: party(5),
  relayer: party(6),
  reporters: party(7),
  minority: party(10),
};
const depositor = party(8);
const partyOf = (by: string): Address => parties[by]!;

const names = [
  'TestToken',
  'Parameters',
  'Breaker',
  'QuorumVerifier',
  'Vault',
  'Oracle',
  'ForcedQueue',
  'RosterModule',
  'CustodyModule',
  'LiquidationModule',
  'WaterfallModule',
  'TriggerModule',
  'ForcedModule',
  'ExitModule',
  'ClearingHouse',
  'Backstop',
] as const;
type Name = (typeof names)[number];

const at = (name: Name): Address => created(names.indexOf(name));
const book = abi as unknown as Readonly<Record<string, unknown>>;
const idOf = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
const abiOf = (name: string): Abi => book[`${idOf(name)}Abi`] as Abi;

/** A contract with the interface that it is called by. */
const contract = (name: Name, face: string = name) => ({ abi: abiOf(face), address: at(name) });
const house = contract('ClearingHouse', 'IVenue');
const queue = contract('ForcedQueue');

const venueOf = (hasSequencer: boolean) => ({
  sequencer: hasSequencer ? partyOf('operator') : (`0x${'00'.repeat(20)}` as Address),
  quietSeconds: terms.quietSeconds,
  reportSkewSecondsMax: 30,
  // Whoever takes the sequencer out takes all profit too: the owner has none.
  profitHaircutPpm: hasSequencer ? 100_000 : 1_000_000,
});

const market = { ...parameters, openInterestMax: 1_000_000 };
const evidence = { law: `0x${'4c'.repeat(32)}`, blockNumber: 0n, values: [] };

function argumentsOf(name: Name): readonly unknown[] {
  const delay = 86_400n;
  const config = {
    vault: at('Vault'),
    oracle: at('Oracle'),
    breaker: at('Breaker'),
    parameters: at('Parameters'),
    forcedQueue: at('ForcedQueue'),
  };
  const limits = [43_200n, 3_600n, delay] as const;
  const { deadlineSeconds, graceSeconds } = terms;
  switch (name) {
    case 'TestToken':
      return ['Test Dollar', 'TUSD', 6];
    case 'Parameters':
      return [partyOf('governor'), delay, venueOf(true), [market], `0x${'00'.repeat(20)}`];
    case 'Breaker':
      return [
        at('Parameters'),
        [partyOf('guardian')],
        {
          holdSecondsMax: limits[0],
          clearDelaySeconds: limits[1],
          guardianDelaySeconds: limits[2],
          haltSecondsMax: limits[0],
          quorumMin: 2n,
          silenceSeconds: 0n,
        },
      ];
    case 'QuorumVerifier':
      return [reporterKeys.length, reporterKeys.map(addressOf)];
    case 'Vault':
      return [at('TestToken'), at('ClearingHouse'), at('Breaker'), windows, rules];
    case 'Oracle':
      return [at('ClearingHouse'), at('Parameters'), at('QuorumVerifier'), delay];
    case 'ForcedQueue':
      return [at('ClearingHouse'), deadlineSeconds, graceSeconds, feeWei];
    case 'ClearingHouse':
      return [config, names.filter((each) => each.endsWith('Module')).map(at)];
    case 'Backstop':
      return [at('ClearingHouse'), at('Vault'), at('Oracle'), at('Parameters'), delay];
    case 'WaterfallModule':
      return [config, at('Backstop')];
    case 'CustodyModule':
      return [config, depositor];
    default:
      return [config];
  }
}

/** Windows in which all payments of the model fit: the queue of the vault has its own model. */
const windows = {
  hourFloorQuote: 10n ** 12n,
  dayFloorQuote: 10n ** 13n,
  hourPpm: 10_000n,
  dayPpm: 100_000n,
};
const rules = {
  reservePpm: 200_000n,
  smallPpm: 1_000n,
  smallFloorQuote: 10n ** 9n,
  largePpm: 500_000n,
  delaySeconds: 3_600n,
  vetoSeconds: 259_200n,
};

const separator = oracleDomainSeparator(
  oracleDomain(chainId, at('QuorumVerifier').toLowerCase() as Hex),
);

/** A report at the state's time, signed by both reporters or by the first alone. */
function reportOf(s: ForcedState, signers: number): Hex {
  const quotes = [{ market: 0, price: 1_000, mark: 1_000, rate: 0 }];
  const base = { round: s.rounds + 1, time: s.now, quotes } as never as Parameters<
    typeof observationDigest
  >[1];
  const digest = observationDigest(separator, base);
  const signed = reporterKeys.slice(0, signers).map((key) => ({
    ...base,
    signer: addressOf(key),
    signature: signDigest(digest, key),
  }));
  const assembled = assembleReport(signed, signers);
  if ('code' in assembled) throw new Error(assembled.message);
  return toHex(encodeReport(assembled));
}

/** The owner's withdrawal of two units under nonce 1, signed. */
function relayArgs(): readonly unknown[] {
  const message = {
    account: 2,
    amount: BigInt(2 * unit),
    to: partyOf('owner'),
    nonce: 1n,
    expiry: 2 ** 40 - 1,
    fee: 0n,
  };
  const digest = hashTypedData({
    domain: domain(chainId, at('ClearingHouse').toLowerCase() as Hex),
    types: withdrawalTypes,
    primaryType: 'Withdrawal',
    message,
  });
  const compact = parseCompactSignature(toHex(signDigest(hexToBytes(digest), ownerKey)));
  return [message, serializeSignature(compactSignatureToSignature(compact)), 3, '0x'];
}

function requestCall(by: string, [account, amount, nonce]: readonly number[]): Call {
  const id = 2 + account!;
  const from = partyOf(by);
  if (nonce === 0) return callOf(queue, from, 'requestCancelAll', [id], feeWei);
  const all = 2n ** 88n - 1n;
  const quote = amount === 0 ? all : BigInt(amount! * unit);
  const args = [id, quote, partyOf('owner'), BigInt(nonce!)];
  return callOf(queue, from, 'requestWithdraw', args, feeWei);
}

function call(s: ForcedState, { by, name, args }: Action): Call {
  const from = partyOf(by);
  const number = BigInt(args[0] ?? 0);
  switch (name) {
    case 'request':
      return requestCall(by, args);
    case 'execute':
      return callOf(house, from, 'executeForced', [number, 0, 0n, '0x']);
    case 'setAside':
      return callOf(house, from, 'setAsideForced', [number, '0x']);
    case 'exit':
      return callOf(house, from, 'exit', [
        2 + args[0]!,
        partyOf(args[0] === 0 ? 'owner' : 'neighbour'),
      ]);
    case 'reckon':
      return callOf(house, from, name, [number]);
    case 'relay':
      return callOf(house, from, 'withdrawSigned', relayArgs());
    case 'report':
      return callOf(house, from, 'push', [reportOf(s, by === 'minority' ? 1 : 2)]);
    case 'tighten':
      return callOf(contract('Breaker'), from, name, [0, 1, BigInt(terms.holdSeconds), evidence]);
    case 'dismiss':
      return callOf(contract('Parameters'), from, 'proposeVenue', [venueOf(false)]);
    case 'take':
      return callOf(queue, from, name, [number, from]);
    case 'cut':
      return callOf(queue, from, name, [number, 1n]);
    case 'refund':
      return callOf(queue, from, name, [number]);
    default:
      return callOf(house, from, name);
  }
}

function setup(): Call[] {
  const amounts = terms.deposits.map((units) => BigInt(units * unit));
  const token = contract('TestToken');
  return [
    callOf(house, depositor, 'openAccount', [partyOf('owner')]),
    callOf(house, depositor, 'openAccount', [partyOf('neighbour')]),
    callOf(token, depositor, 'mint', [depositor, 10n ** 12n]),
    callOf(token, depositor, 'approve', [at('Vault'), 10n ** 12n]),
    ...amounts.map((amount, i) =>
      callOf(house, depositor, 'deposit', [at('TestToken'), 2 + i, amount]),
    ),
  ];
}

const people = ['operator', 'stranger', 'owner', 'neighbour'] as const;

function views(): Call[] {
  const view = (of: typeof house, name: string, ...args: unknown[]) =>
    callOf(of, party(9), name, args);
  return [
    view(queue, 'state'),
    view(queue, 'aside'),
    ...people.map((who) => view(queue, 'owed', partyOf(who))),
    view(house, 'frozenTime'),
    view(house, 'reckoning'),
    ...[2, 3].map((id) => view(house, 'account', id)),
    ...[2, 3].map((id) => view(house, 'exited', id)),
    ...(['owner', 'neighbour'] as const).map((who) =>
      view(contract('TestToken'), 'balanceOf', partyOf(who)),
    ),
    view(contract('Breaker'), 'level', 0),
    view(contract('Oracle'), 'last'),
    view(contract('Vault'), 'liabilities'),
  ];
}

const q32 = (units: number): bigint => BigInt(units * unit) << 32n;

function expected(s: ForcedState): Word[] {
  const head = s.requests[s.done];
  const [cash, neighbours] = s.cash as [number, number];
  const users = ['owner', 'neighbour'].map((who, i) => {
    // Owner, cash, epoch, and no positions: where the list is, and its length.
    return [partyOf(who), q32(s.cash[i]!), s.epochs[i]!, 128, 0];
  });
  // Claims were summed when the reckoning passed the accounts: in its first part.
  const claims = s.reckoned === 0 ? 0n : q32(terms.deposits[0] + terms.deposits[1]) - paidBefore(s);
  return [
    s.done + 1,
    s.requests.length,
    head && !head.isVoid ? head.deadline : 0,
    ...[0, 0],
    ...s.owed,
    s.frozenTime,
    s.reckoned,
    terms.places,
    claims,
    s.pool * unit,
    s.isReckoned,
    ...users.flat(),
    ...s.exited.map((units) => units * unit),
    ...s.paid.map((units) => units * unit),
    levelAt(s),
    s.rounds,
    s.reportTime,
    (cash + neighbours) * unit,
  ];
}

/** What the owner had taken out before the freeze. */
const paidBefore = (s: ForcedState): bigint =>
  q32(s.paid[0]! + s.paid[1]! - s.exited[0]! - s.exited[1]!);

export function forcedBinding(): Binding<ForcedState> {
  const creations = names.map((name) =>
    creationOf(abiOf(name), book[`${idOf(name)}Bytecode`] as Hex, argumentsOf(name)),
  );
  return {
    creations,
    setup: setup(),
    views: views(),
    call,
    varies: ({ name }) => name === 'report',
    expected,
  };
}
