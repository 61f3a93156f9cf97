/**
 * `npm run roles`: deploys a venue on a bare chain, asks every function of every contract who may
 * call it, and writes packages/trust/src/roles.json. `-- --check` compares instead and fails where
 * a function has come, or lets somebody in whom it did not let in before.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearingHouseAbi } from '@holdfast/abi';
import { toJson } from '@holdfast/host';
import {
  builds,
  type Callers,
  type ContractName,
  callOf,
  differences,
  entriesOf,
  type Known,
  powers,
  probe,
  type RoleMap,
  unexplained,
} from '@holdfast/trust';
import type { Address } from 'viem';
import { isMain } from './is-main.mjs';
import { addressOf, callersOf, createRig, placesOf, prepare, type Rig } from './roles/rig.ts';
import { root } from './sources.mjs';

const path = join(root, 'packages/trust/src/roles.json');
/** Longer than a missed forced request may be overdue: then anybody freezes the venue. */
const silentSeconds = 3 * 86_400;

async function probeAll(
  rig: Rig,
  known: Known,
  callers: Callers,
  only?: ContractName,
): Promise<RoleMap> {
  const map: RoleMap = {};
  const places = await placesOf(rig);
  for (const [name, at] of Object.entries(places) as [ContractName, Address][]) {
    if (only !== undefined && name !== only) continue;
    const functions: RoleMap[string] = {};
    map[name] = functions;
    for (const entry of entriesOf(builds[name].abi).filter(({ isActive }) => isActive)) {
      const seeds = only === undefined ? ['', 'a'] : [''];
      const args = seeds.map((seed) => callOf(entry, seed, known));
      if (only === undefined) args.push(callOf(entry, ''));
      functions[entry.signature] = await probe(rig.reader, at, callers, args);
    }
  }
  return map;
}

/** Whom every function lets in, on a venue that runs and on one that is frozen. */
export async function deriveRoles(): Promise<RoleMap> {
  const rig = await createRig();
  try {
    const known = await prepare(rig);
    const callers = await callersOf(rig);
    const map = await probeAll(rig, known, callers);
    await rig.pass(silentSeconds);
    const { clearingHouse } = rig.venue.contracts;
    const act = (name: string, ...args: unknown[]) =>
      rig.act(addressOf('owner'), clearingHouse, clearingHouseAbi, name, ...args);
    await act('freeze');
    await act('reckon', 1_000n);
    return merged(map, await probeAll(rig, known, callers, 'ClearingHouse'));
  } finally {
    await rig.end();
  }
}

/** A frozen venue refuses nearly everything: only whom it lets in is added. */
function merged(map: RoleMap, frozen: RoleMap): RoleMap {
  return Object.fromEntries(
    Object.entries(map).map(([name, functions]) => {
      const both = Object.entries(functions).map(([signature, { callers, strangers }]) => {
        const more = frozen[name]?.[signature]?.callers ?? [];
        return [signature, { callers: [...new Set([...callers, ...more])].sort(), strangers }];
      });
      return [name, Object.fromEntries(both)];
    }),
  );
}

/** Functions whose entry in powers.ts names others than were found, or that were not asked. */
export function disagreements(map: RoleMap): string[] {
  return Object.entries(powers).flatMap(([name, functions]) =>
    Object.entries(functions).flatMap(([signature, { who }]) => {
      const callers = map[name]?.[signature]?.callers;
      if (callers === undefined) return [`${name}.${signature} was not asked: is it deployed?`];
      const [told, found] = [[...who].sort().join(', '), callers.join(', ')];
      if (told === found) return [];
      return [`${name}.${signature} lets in [${found}], powers.ts says [${told}]`];
    }),
  );
}

async function main(): Promise<void> {
  const map = await deriveRoles();
  const wrong = [...unexplained(), ...disagreements(map)];
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RoleMap) : {};
  const changed = differences(before, map);
  const count = Object.values(map).reduce((sum, each) => sum + Object.keys(each).length, 0);
  if (process.argv.includes('--check')) wrong.push(...changed);
  else writeFileSync(path, `${toJson(map)}\n`);
  for (const line of changed) console.log(line);
  for (const line of wrong) console.error(`roles: ${line}`);
  console.log(`roles: ${count} functions, ${changed.length} changed, ${wrong.length} wrong`);
  if (wrong.length === 0) return;
  console.error('roles: read each line as a reviewer; if it is meant, run `npm run roles`, commit');
  process.exitCode = 1;
}

if (isMain(import.meta.url)) await main();
