/** Every function of every contract, called by strangers with made-up arguments. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answerTo,
  builds,
  type ContractName,
  callOf,
  type Entry,
  entriesOf,
  type Known,
  moduleBuilds,
  powers,
  type RoleMap,
  readFacts,
  selectorsOf,
  strangerOf,
} from '@holdfast/trust';
import type { Hex } from '@holdfast/units';
import { type Address, parseAbi } from 'viem';
import { root } from '../sources.mjs';
import { placesOf, type Rig } from './rig.ts';

/** What contracts of others can be taken over by; none of ours may answer. */
const takeovers = entriesOf(
  parseAbi([
    'function initialize()',
    'function initialize(address)',
    'function initialize(address,address)',
    'function init(address)',
    'function reinitialize(uint8)',
    'function setOwner(address)',
    'function transferOwnership(address)',
    'function acceptOwnership()',
    'function renounceOwnership()',
    'function setGovernor(address)',
    'function upgradeTo(address)',
    'function upgradeToAndCall(address,bytes)',
    'function grantRole(bytes32,address)',
    'function setAuthority(address)',
    'function pause()',
    'function unpause()',
    'function execute(address,bytes)',
    'function multicall(bytes[])',
    'function mint(address,uint256)',
    'function sweep(address,address,uint256)',
    'function selfdestruct(address)',
  ]),
);

export type Swept = {
  readonly calls: number;
  /** Functions that are for somebody and told a stranger anything but who may call. */
  readonly entered: readonly string[];
  /** Calls that a stranger may make and that went through: to be sent, and their effect judged. */
  readonly open: readonly { readonly from: Address; readonly to: Address; readonly data: Hex }[];
};

type Target = { readonly name: string; readonly at: Address; readonly entries: readonly Entry[] };

/** Contracts and modules, each with what its code answers to; views are left out. */
async function targetsOf(rig: Rig, only?: ContractName): Promise<Target[]> {
  const { modules } = await readFacts(rig.reader, rig.venue);
  const places = await placesOf(rig);
  const all = { ...places, ...modules } as Record<string, Address>;
  const known = { ...builds, ...moduleBuilds };
  return Promise.all(
    Object.entries(all)
      .filter(([name]) => only === undefined || name === only)
      .map(async ([name, at]) => {
        const { abi } = known[name as keyof typeof known];
        const entries = entriesOf(abi);
        const code = (await rig.reader.getCode({ address: at })) ?? '0x';
        const strange = (await selectorsOf(code)).filter(
          (selector) => !entries.some((each) => each.selector === selector),
        );
        if (strange.length > 0) throw new Error(`${name} answers ${strange}, which its ABI lacks`);
        return { name, at, entries: entries.filter(({ isActive }) => isActive) };
      }),
  );
}

const path = join(root, 'packages/trust/src/roles.json');

/**
 * What a guard tells strangers, as the committed map has it; undefined when anybody may call. A
 * module by itself has no state, and nothing to guard.
 */
function guardOf(map: RoleMap, name: string, signature: string): readonly string[] | undefined {
  const told = powers[name as ContractName]?.[signature];
  return told === undefined || told.who.length === 0
    ? undefined
    : map[name]?.[signature]?.strangers;
}

export type Breadth = {
  /** Sets of arguments for each function; the first is all zeros, the second known. */
  readonly rounds: number;
  /** Strangers who call. */
  readonly callers: number;
  /** One contract alone; undefined: all. */
  readonly only?: ContractName;
};

/** @param known arguments that mean something at this venue */
export async function sweep(
  rig: Rig,
  known: Known,
  { rounds, callers, only }: Breadth,
): Promise<Swept> {
  const map = JSON.parse(readFileSync(path, 'utf8')) as RoleMap;
  const entered = new Set<string>();
  const open: Swept['open'][number][] = [];
  let calls = 0;
  const from = Array.from({ length: callers }, (_, i) => strangerOf(i));
  for (const { name, at, entries } of await targetsOf(rig, only)) {
    const foreign = takeovers.filter(
      ({ selector }) => !entries.some((each) => each.selector === selector),
    );
    for (const entry of [...entries, ...foreign]) {
      const isForeign = foreign.includes(entry);
      const data = Array.from({ length: isForeign ? 2 : rounds }, (_, round) =>
        callOf(entry, round < 2 ? '' : `sweep ${round}`, round % 2 === 1 ? known : {}),
      );
      const asked = data.flatMap((each) =>
        from.map((caller) => ({ from: caller, to: at, data: each })),
      );
      const answers = await Promise.all(
        asked.map((call) => answerTo(rig.reader, call.from, call.to, call.data)),
      );
      calls += asked.length;
      const through = asked.filter((_, i) => answers[i] === 'ok');
      const guard = isForeign ? undefined : guardOf(map, name, entry.signature);
      const isPast =
        guard === undefined
          ? isForeign && through.length > 0
          : answers.some((each) => !guard.includes(each));
      if (isPast) entered.add(`${name}.${entry.signature}`);
      else if (through[0] !== undefined) open.push(through[0]);
    }
  }
  return { calls, entered: [...entered].sort(), open };
}
