/** What operators do to the committee of a venue that runs, by the commands that they use. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { venuePaths } from '@holdfast/host';
import { type Handover, type PartyStatus, partyPaths, statementDigest } from '@holdfast/party';
import type { Hex } from '@holdfast/units';
import { createService, type Service } from '@holdfast/venue';
import { reporterSpecs } from '../../../packages/venue/src/launch/services.ts';
import { type Answer, holdfast } from './registry.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

export const folderOf = (stage: Stage, name: string): string =>
  join(venuePaths(stage.dir).parties, name);

/** Runs a command that must do what it says. */
export async function done(stage: Stage, ...words: string[]): Promise<string> {
  const answer: Answer = await holdfast(stage.dir, ...words);
  assert.equal(answer.exit, 0, `holdfast ${words.join(' ')}\n${answer.out}${answer.err}`);
  return answer.out;
}

const quorum = (stage: Stage, name: string, ...words: string[]): Promise<string> =>
  done(stage, 'quorum', ...words, '--dir', folderOf(stage, name));
const committee = (stage: Stage, ...words: string[]): Promise<string> =>
  done(stage, 'committee', ...words, '--venue', stage.dir);

export const statusOf = async (stage: Stage, name: string): Promise<PartyStatus> =>
  JSON.parse(await quorum(stage, name, 'status', '--json')) as PartyStatus;

const liar = join(import.meta.dirname, 'liar.ts');

/**
 * A reporter's process that the test looks after, in the place of the launcher's.
 * @param lie what it does to its words, see `liar.ts`
 */
export function reporter(stage: Stage, name: string, lie?: string): Service {
  const { kept } = stage.running.plan;
  const spec = reporterSpecs(stage.dir, kept, stage.venue.committee?.relay).find(
    (each) => each.name === name,
  );
  assert.ok(spec !== undefined);
  const quiet = { note: () => undefined, pid: () => undefined };
  if (lie === undefined) return createService(spec, quiet);
  const args = [...spec.args, '--program', 'reporter', '--lie', lie];
  return createService({ ...spec, entry: liar, args }, quiet);
}

/**
 * Puts a new party with new keys in the place of a reporter whose machine is lost: its folder and
 * its key are gone, nobody has its share.
 * @param others those who are there; the first one leads
 * @returns its process
 */
export async function replaceReporter(
  stage: Stage,
  lost: string,
  others: readonly string[],
  fresh: string,
): Promise<Service> {
  const [first] = others as [string];
  const at = (name: string): string => join(stage.dir, name);
  const home = folderOf(stage, lost);
  const { keys } = venuePaths(stage.dir);
  for (const path of [home, join(keys, `${lost}.json`), join(keys, `${lost}.pass`)]) {
    rmSync(path, { recursive: true });
  }
  await quorum(stage, first, 'invite', fresh, '--out', at('invitation.json'));
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(partyPaths(home).passphrase, 'a passphrase of its own', { mode: 0o600 });
  await quorum(stage, lost, 'join', at('invitation.json'));
  const made = await done(stage, 'key', 'create', lost, '--venue', stage.dir, '--json');
  const { address } = JSON.parse(made) as { address: Hex };
  const service = reporter(stage, lost);
  await service.start();
  const { card } = partyPaths(home);
  const next = at('roster-next.json');
  const change = ['replace', '--lost', lost, '--card', card, '--out', next];
  await quorum(stage, first, ...change, '--draft');
  for (const name of [...others.slice(1), lost]) await quorum(stage, name, 'approve', next);
  await quorum(stage, first, ...change);
  await until('a share for the new party', 90_000, async () => {
    const { isHolder, holders } = await statusOf(stage, lost);
    return isHolder && holders.includes(fresh);
  });
  const number = (await statusOf(stage, lost)).roster?.parties.indexOf(fresh) ?? -1;
  await committee(stage, 'reporter', `${number + 1}`, address);
  return service;
}

/** The parties found another committee beside the one in force. @returns the file of its proof */
export async function foundNext(stage: Stage, names: readonly string[]): Promise<string> {
  const { committee: place } = stage.venue;
  assert.ok(place !== undefined);
  const invitations = join(stage.dir, 'next');
  const relay = `ws://${place.relay.host}:${place.relay.port}`;
  const terms = ['--name', 'oracle', '--threshold', '3', '--contract', place.registry];
  const parties = ['--parties', names.join(','), '--relay', relay, '--out', invitations];
  await done(stage, 'quorum', 'init', ...terms, ...parties);
  for (const name of names) {
    const { passphrase } = partyPaths(folderOf(stage, name));
    const invitation = join(invitations, `invitation-${name}.json`);
    const folder = `${name}/g2`;
    await quorum(stage, folder, 'join', invitation, '--passphrase-file', passphrase);
  }
  const all = (holds: (status: PartyStatus) => boolean) =>
    until('the next committee', 90_000, async () => {
      const said = await Promise.all(names.map((name) => statusOf(stage, `${name}/g2`)));
      return said.every(holds) && said;
    });
  const [one] = await all(({ state }) => state === 'comparing');
  const hash = one?.roster?.hash as Hex;
  for (const name of names) await quorum(stage, `${name}/g2`, 'accept', hash);
  await all(({ gen, registry }) => gen === 1 && registry !== undefined);
  const file = join(stage.dir, 'new-key.json');
  await quorum(stage, `${names[0]}/g2`, 'prove', '--out', file);
  return file;
}

/** The committee in force hands over to the new key: drafted, allowed, signed, proposed. */
export async function proposeNext(
  stage: Stage,
  names: readonly string[],
  file: string,
): Promise<void> {
  const [first, ...others] = names as [string, ...string[]];
  const rotation = join(stage.dir, 'rotation.json');
  await quorum(stage, first, 'rotate', file, '--out', rotation);
  const draft = (JSON.parse(readFileSync(rotation, 'utf8')) as Handover).rotation;
  const digest = statementDigest(draft) as Hex;
  for (const name of others) {
    await quorum(stage, name, 'allow', '--rotation', rotation, '--hash', digest);
  }
  await quorum(stage, first, 'sign', '--rotation', rotation);
  await committee(stage, 'propose', rotation, '--key', 'keeper');
}

/** Anyone puts it in force as soon as it may be. */
export async function applyNext(stage: Stage, msMax: number): Promise<void> {
  await until('the rotation', msMax, async () => {
    const words = ['apply', 'oracle', '--key', 'keeper', '--venue', stage.dir];
    return (await holdfast(stage.dir, 'committee', ...words)).exit === 0;
  });
}
