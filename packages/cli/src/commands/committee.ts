/** committee: keys of committees in the registry on chain, and who reports for a venue. */
import { compressKey, loadVenue, saveVenue, type Venue } from '@holdfast/host';
import {
  type CommitteeName,
  candidateOf,
  committeeIdOf,
  committeeIds,
  groupSignature,
} from '@holdfast/party';
import { createRegistry, type Done, type PendingKey, type Registry } from '@holdfast/sdk';
import { EnvironmentError, type Hex, type Rejection } from '@holdfast/units';
import { Argument, Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { handoverFrom, offerFrom } from './quorum-rotate.ts';
import { finish, group, type Perform } from './shared.ts';

/** The registry of the venue's committees: of its oracle, or of its treasury alone. */
function registryAt({ committee, treasury }: Venue): Hex {
  const place = committee ?? treasury;
  if (place !== undefined) return place.registry;
  const message = 'this venue has no registry of committees';
  throw new EnvironmentError('CommitteeMissing', message, { retry: false });
}

async function registryOf(s: Session, how: 'sign' | 'read'): Promise<Registry> {
  const registry = registryAt(loadVenue(s.dir));
  return createRegistry(registry, (await s.client(how)).chain());
}

/** '2 h 5 min' of so many seconds. */
function spanOf(seconds: number): string {
  const [h, m] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${seconds % 60} s` : `${seconds} s`;
}

const isReady = (pending: PendingKey | undefined, now: number): boolean =>
  pending !== undefined && now >= pending.readyAt && now <= pending.deadAt;

/** When a key that waits may be applied. */
export function waitText({ readyAt, deadAt }: PendingKey, now: number): string {
  if (now < readyAt) return `in ${spanOf(readyAt - now)} (from ${readyAt}, venue seconds)`;
  if (now <= deadAt) return `now, for ${spanOf(deadAt - now)} more`;
  return 'never: it has expired, propose it anew';
}

function pendingRows(what: string, pending: PendingKey | undefined, now: number) {
  if (pending === undefined) return [[`pending ${what}`, 'none']] as const;
  const { candidate } = pending;
  return [
    [`pending ${what}`, compressKey(candidate.x, candidate.isOdd)],
    ['  signs', `${candidate.threshold} of ${candidate.size}, roster ${candidate.roster}`],
    ['  may be applied', waitText(pending, now)],
  ] as const;
}

async function show(s: Session, name: CommitteeName): Promise<Result> {
  const registry = await registryOf(s, 'read');
  const id = committeeIds[name];
  const now = (await s.info()).clock.now();
  const [committee, rotation, replacement, delays] = await Promise.all([
    registry.committee(id),
    registry.pendingRotation(id),
    registry.pendingReplacement(id),
    registry.delays(),
  ]);
  const { x, isOdd, generation, isRevoked, threshold, size, roster } = committee;
  const key = generation === 0 ? 'none' : compressKey(x, isOdd);
  const rows: (readonly [string, string])[] = [
    ['committee', `${name} (${id})`],
    ['group key', isRevoked ? `${key} REVOKED: it signs nothing` : key],
    ['generation', `${generation}`],
    ['signs', `${threshold} of ${size}`],
    ['roster', roster],
    ...pendingRows('rotation', rotation, now),
    ...pendingRows('replacement', replacement, now),
    ['delays', `rotation ${spanOf(delays.rotation)}, replacement ${spanOf(delays.replacement)}`],
  ];
  const canApply = isReady(rotation, now) || isReady(replacement, now);
  const data = { name, id, key, ...committee, rotation, replacement, delays, now };
  const next = canApply ? `anyone: holdfast committee apply ${name}` : undefined;
  return { data, text: pairs(rows), next };
}

const told = (what: string, done: Done, next?: string): Result => ({
  data: { action: what, ...done },
  text: `${what}: transaction ${done.tx}`,
  next,
});

/** A committee of the registry, from what a file says. @throws UsageError */
function idOf(roster: { name: string; contract: string }, venue: Venue): number {
  const id = committeeIdOf(roster);
  const registry = registryAt(venue);
  if (id !== undefined && roster.contract === registry.toLowerCase()) return id;
  const of = `"${roster.name}" at ${roster.contract}`;
  throw new UsageError(`the file is about ${of}; this venue's registry is ${registry}`);
}

async function propose(s: Session, file: string): Promise<Result> {
  const { rotation, signature } = handoverFrom(s, file);
  if (signature === undefined) {
    throw new UsageError(`${file} is a draft: holdfast quorum sign --rotation ${file}`);
  }
  const { roster, groupKey, life, expiry } = rotation;
  const id = idOf(roster, loadVenue(s.dir));
  const registry = await registryOf(s, 'sign');
  const next = candidateOf(groupKey, roster);
  const signatures = [groupSignature(life), groupSignature(signature)] as const;
  const done = agreed(await registry.proposeRotation(id, expiry, next, ...signatures));
  const after = `holdfast committee show ${roster.name}`;
  return told(`proposed the rotation of ${roster.name}`, done, after);
}

async function replace(s: Session, file: string): Promise<Result> {
  const { life, signature } = offerFrom(s, file);
  const { roster, groupKey } = life;
  const id = idOf(roster, loadVenue(s.dir));
  const registry = await registryOf(s, 'sign');
  const next = candidateOf(groupKey, roster);
  const done = agreed(await registry.proposeReplacement(id, next, groupSignature(signature)));
  const after = `holdfast committee show ${roster.name}`;
  return told(`proposed the replacement of ${roster.name}'s key`, done, after);
}

/** Applies what is ready; a replacement only when no rotation is. */
async function apply(s: Session, name: CommitteeName): Promise<Result> {
  const registry = await registryOf(s, 'sign');
  const id = committeeIds[name];
  const now = (await s.info()).clock.now();
  const [rotation, replacement] = await Promise.all([
    registry.pendingRotation(id),
    registry.pendingReplacement(id),
  ]);
  const canRotate = isReady(rotation, now);
  const isReplacement = !canRotate && (isReady(replacement, now) || rotation === undefined);
  const what = isReplacement ? 'replacement' : 'rotation';
  const sent = isReplacement ? registry.applyReplacement(id) : registry.applyRotation(id);
  return told(`applied the ${what} of ${name}`, agreed(await sent));
}

type Deed = {
  readonly verb: 'veto' | 'cancel' | 'revoke';
  readonly who: string;
  readonly what: string;
  readonly key: string;
  readonly run: (registry: Registry, id: number) => Promise<Done | Rejection>;
};

const deeds: readonly Deed[] = [
  {
    verb: 'veto',
    who: 'Guardian or governor',
    what: 'drop the rotation that waits',
    key: 'guardian',
    run: (registry, id) => registry.vetoRotation(id),
  },
  {
    verb: 'cancel',
    who: 'Governor',
    what: 'drop the replacement that waits',
    key: 'governor',
    run: (registry, id) => registry.cancelReplacement(id),
  },
  {
    verb: 'revoke',
    who: 'Governor',
    what: 'end a key at once; only a replacement gives the committee another',
    key: 'governor',
    run: (registry, id) => registry.revoke(id),
  },
];

/** Changes who reports in this machine's venue file; relay and reporters follow it. */
async function changeReporters(
  s: Session,
  change: (venue: Venue) => Pick<Venue, 'reporters' | 'committee'>,
): Promise<Result> {
  const venue = loadVenue(s.dir);
  const { reporters, committee } = change(venue);
  await saveVenue(s.dir, { ...venue, reporters, ...(committee ? { committee } : {}) });
  const rows = reporters.addresses.map((each, i): [string, string] => [`reporter ${i + 1}`, each]);
  rows.push(['observations', `${reporters.k} of ${reporters.n}`]);
  const next = 'do the same on the machine of every other reporter, and of the relay';
  return { data: { reporters, committee }, text: pairs(rows), next };
}

function setReporter(s: Session, number: string, address: string): Promise<Result> {
  const place = parseWhole(number, 'reporter', 255) - 1;
  const reporter = parseAddress(address);
  return changeReporters(s, ({ reporters }) => {
    const { n, addresses } = reporters;
    if (place < 0 || place >= n) throw new UsageError(`there are reporters 1 to ${n}`);
    if (addresses.some((each) => each.toLowerCase() === reporter.toLowerCase())) {
      throw new UsageError(`${reporter} reports already`);
    }
    const after = addresses.map((each, i) => (i === place ? reporter : each));
    return { reporters: { ...reporters, addresses: after } };
  });
}

function setThreshold(s: Session, text: string): Promise<Result> {
  const threshold = parseWhole(text, 'threshold', 255);
  return changeReporters(s, (venue) => {
    const { n } = venue.reporters;
    if (2 * threshold <= n || threshold > n) {
      throw new UsageError(`${threshold} is no majority of ${n} reporters`);
    }
    if (venue.committee === undefined) throw new UsageError('no committee reports to this venue');
    const committee = { ...venue.committee, threshold };
    return { reporters: { ...venue.reporters, k: threshold }, committee };
  });
}

const nameArgument = () =>
  new Argument('[name]', 'which committee').choices(Object.keys(committeeIds)).default('oracle');

function chainCommands(perform: Perform): Command[] {
  const look = new Command('show')
    .description('The key in force, and what waits with the time that it has left')
    .addArgument(nameArgument());
  const offer = new Command('propose')
    .description('Anyone: bring a signed rotation to the chain, which starts its delay')
    .argument('<file>', 'rotation.json that the committee has signed');
  const other = new Command('replace')
    .description('Governor: propose another key without the old one, after the longer delay')
    .argument('<file>', 'new-key.json of quorum prove');
  const finishing = new Command('apply')
    .description('Anyone, after the delay: put the key that waits in force')
    .addArgument(nameArgument());
  const acts = deeds.map(({ verb, who, what, key, run }) => {
    const command = new Command(verb).description(`${who}: ${what}`).addArgument(nameArgument());
    return finish(command, [`holdfast committee ${verb} oracle --key ${key}`]).action(
      (name: CommitteeName, options) =>
        perform(options, async (s) => {
          const registry = await registryOf(s, 'sign');
          return told(`${verb} ${name}`, agreed(await run(registry, committeeIds[name])));
        }),
    );
  });
  return [
    finish(look, ['holdfast committee show', 'holdfast committee show treasury --json']).action(
      (name: CommitteeName, options) => perform(options, (s) => show(s, name)),
    ),
    finish(offer, ['holdfast committee propose rotation.json --key keeper']).action(
      (file, options) => perform(options, (s) => propose(s, file)),
    ),
    finish(finishing, ['holdfast committee apply oracle --key keeper']).action(
      (name: CommitteeName, options) => perform(options, (s) => apply(s, name)),
    ),
    finish(other, ['holdfast committee replace new-key.json --key governor']).action(
      (file, options) => perform(options, (s) => replace(s, file)),
    ),
    ...acts,
  ];
}

function reporterCommands(perform: Perform): Command[] {
  const reporter = new Command('reporter')
    .description('This machine: another address observes in the place of a reporter that is lost')
    .argument('<number>', 'the reporter, from 1')
    .argument('<address>', 'address of its new key');
  const threshold = new Command('threshold')
    .description('This machine: so many observations and signers make a report, after a reshare')
    .argument('<t>');
  return [
    finish(reporter, [
      'holdfast committee reporter 5 0x1111111111111111111111111111111111111111',
    ]).action((number, address, options) =>
      perform(options, (s) => setReporter(s, number, address)),
    ),
    finish(threshold, ['holdfast committee threshold 4']).action((t, options) =>
      perform(options, (s) => setThreshold(s, t)),
    ),
  ];
}

/** The `committee` group. */
export function committeeCommands(perform: Perform): Command {
  const committee = group('committee', 'Keys of committees on chain: hand over, replace, revoke', [
    'holdfast committee show',
    'holdfast committee propose rotation.json --key keeper',
    'holdfast committee veto oracle --key guardian',
  ]);
  for (const each of [...chainCommands(perform), ...reporterCommands(perform)]) {
    committee.addCommand(each);
  }
  return committee;
}
