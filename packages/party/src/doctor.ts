/** Looks a party over, without its passphrase: files, rights, clock, relay, committee. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { errorMessage, readJson } from '@holdfast/host';
import { readRoster, rosterHash } from '@holdfast/quorum';
import { isRejection } from '@holdfast/units';
import WebSocket from 'ws';
import { callParty } from './control.ts';
import { partyPaths, readParty } from './folder.ts';
import type { PartyStatus } from './inside.ts';
import { envelopeAgeMsMax } from './wire.ts';

/** One thing that was looked at. `cure` says what to do about it. */
export type Check = {
  readonly what: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly cure?: string;
};

const relayMsMax = 5_000;
const nodeMajorMin = 20;

type Said = Omit<Check, 'what'>;
const ok = (found: string): Said => ({ verdict: 'ok', found });
const warn = (found: string, cure: string): Said => ({ verdict: 'warn', found, cure });
const fail = (found: string, cure: string): Said => ({ verdict: 'fail', found, cure });

function checkRights(path: string, widest: number): Said {
  if (!existsSync(path)) return fail(`${path} is missing`, 'restore it from your backup');
  if (process.platform === 'win32') return warn('not told by this system', 'see who can read it');
  const mode = statSync(path).mode & 0o777;
  const text = mode.toString(8);
  if ((mode & ~widest) === 0) return ok(text);
  return fail(`${path} has the rights ${text}`, `chmod ${widest.toString(8)} ${path}`);
}

function checkWritable(dir: string): Said {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return ok(dir);
  } catch (error) {
    return fail(errorMessage(error), `make ${dir} writable for the party's user`);
  }
}

/** Connects to the relay and reads its clock. */
function challengeOf(url: string): Promise<{ time: number; tookMs: number }> {
  return new Promise((resolve, reject) => {
    const begun = Date.now();
    const socket = new WebSocket(url, { handshakeTimeout: relayMsMax });
    const timer = setTimeout(() => reject(new Error('no answer')), relayMsMax);
    const end = (act: () => void): void => {
      clearTimeout(timer);
      socket.terminate();
      act();
    };
    socket.on('message', (data) => {
      const { time } = JSON.parse(String(data)) as { time?: number };
      end(() => resolve({ time: time ?? Number.NaN, tookMs: Date.now() - begun }));
    });
    socket.on('error', (error) => end(() => reject(error)));
  });
}

async function checkRelay(url: string): Promise<Check[]> {
  const what = 'relay';
  let answer: Awaited<ReturnType<typeof challengeOf>>;
  try {
    answer = await challengeOf(url);
  } catch (error) {
    const cure = 'start it with quorum relay, open the way to it, or give --relay';
    return [{ what, ...fail(`${url}: ${errorMessage(error)}`, cure) }];
  }
  const off = Math.round(answer.time - Date.now());
  const isPrivate = url.startsWith('wss:') || /^ws:\/\/(?:127\.|localhost|\[::1\])/.test(url);
  const open = 'whoever is on the way sees who speaks when; use wss://';
  const way = isPrivate
    ? ok(`${url} in ${answer.tookMs} ms`)
    : warn(`${url} is not encrypted`, open);
  const isNear = Math.abs(off) < envelopeAgeMsMax / 4;
  const found = `${off} ms from the relay's`;
  const clock = isNear ? ok(found) : fail(found, 'set the clock (NTP) here, or at the relay');
  return [
    { what, ...way },
    { what: 'clock', ...clock },
  ];
}

function checkRoster(dir: string, status: PartyStatus): Said {
  const path = partyPaths(dir).roster;
  const { roster } = status;
  if (roster === undefined) return warn('none yet', `waiting for ${status.missing.join(', ')}`);
  if (status.state === 'comparing') {
    return warn(roster.fingerprint, 'compare it with the other parties, then quorum accept');
  }
  if (!existsSync(path) || status.gen > 1) return ok(roster.fingerprint);
  const read = readRoster(readJson(path, 'roster'));
  if (!isRejection(read) && rosterHash(read) === roster.hash) return ok(roster.fingerprint);
  return fail(`${path} is not the roster of the key`, 'somebody changed the file: do not trust it');
}

function checkKey(status: PartyStatus): Said {
  const { gen, threshold, holders, isHolder, name } = status;
  if (gen === 0 || threshold === undefined) return warn('none yet', 'start all parties');
  const text = `generation ${gen}, ${threshold} of ${holders.length}: ${holders.join(', ')}`;
  if (!isHolder) return warn(`${text}; ${name} holds no share`, 'quorum refresh at a holder');
  if (holders.length > threshold) return ok(text);
  return warn(`${text}; none may be lost`, 'quorum refresh, or quorum replace --lost NAME');
}

async function checkRunning(dir: string): Promise<Check[]> {
  let status: PartyStatus;
  try {
    status = (await callParty(dir, 'GET', '/status')).body as PartyStatus;
  } catch {
    const cure = `quorum party --dir ${dir}`;
    return [{ what: 'process', ...warn('the party does not run', cure) }];
  }
  const isUp = status.isConnected;
  const cure = 'see the relay above; the party tries again by itself';
  const blames = [...new Set(status.blames)].slice(-5);
  return [
    { what: 'process', ...ok(`${status.name}, ${status.state}`) },
    { what: 'connection', ...(isUp ? ok('logged in at the relay') : fail('none', cure)) },
    { what: 'roster', ...checkRoster(dir, status) },
    { what: 'key', ...checkKey(status) },
    {
      what: 'others',
      ...(blames.length === 0
        ? ok('nobody was blamed since the start')
        : warn(blames.join('; '), 'ask their operators')),
    },
    ...status.waiting.map((found) => ({ what: 'waiting', ...warn(found, 'quorum approve FILE') })),
  ];
}

/** Every check, in the order in which they build on each other. Never throws. */
export async function examine(dir: string, relay?: string): Promise<Check[]> {
  const paths = partyPaths(dir);
  const major = Number(process.versions.node.split('.')[0]);
  const node = process.version;
  const checks: Check[] = [
    {
      what: 'node',
      ...(major >= nodeMajorMin ? ok(node) : fail(node, `install Node ${nodeMajorMin} or newer`)),
    },
    { what: 'folder', ...checkRights(dir, 0o700) },
  ];
  if (!existsSync(dir)) return checks;
  checks.push({ what: 'writable', ...checkWritable(dir) });
  checks.push({ what: 'vault', ...checkRights(paths.vault, 0o600) });
  if (existsSync(paths.passphrase)) {
    checks.push({ what: 'passphrase', ...checkRights(paths.passphrase, 0o600) });
  }
  try {
    checks.push(...(await checkRelay(relay ?? readParty(dir).relay)));
  } catch (error) {
    const cure = 'quorum party --invitation FILE makes a party';
    checks.push({ what: 'party', ...fail(errorMessage(error), cure) });
  }
  return [...checks, ...(await checkRunning(dir))];
}
