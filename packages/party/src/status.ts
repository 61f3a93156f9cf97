/** A party as its operator sees it. */
import { fingerprint, nameOf, type Roster, rosterHash } from '@holdfast/quorum';
import type { Inside, PartyStatus } from './inside.ts';

function rosterOf(roster: Roster) {
  const hash = rosterHash(roster);
  const parties = roster.parties.map((party) => party.name);
  return { hash, fingerprint: fingerprint(hash), parties };
}

function stateOf({ committee, proposed }: Inside): PartyStatus['state'] {
  const { records, goal, attempt } = committee;
  if (proposed !== undefined) return 'comparing';
  if (records.active === undefined) return records.roster ? 'making a key' : 'enrolling';
  return goal === undefined && attempt === undefined ? 'idle' : 'dealing anew';
}

/** Everything that is not secret. */
export function statusOf(inside: Inside): PartyStatus {
  const { committee, name, link, blames, waiting } = inside;
  const { records, attempt } = committee;
  const { active } = records;
  const view = inside.registry?.view();
  const registry = view && { generation: view.generation, key: view.key ?? null };
  const roster = active?.roster ?? records.roster ?? inside.proposed;
  return {
    name,
    key: committee.self,
    state: stateOf(inside),
    isConnected: link.isReady(),
    missing: inside.enrolment?.missing() ?? [],
    ...(roster ? { roster: rosterOf(roster) } : {}),
    gen: active?.certificate.gen ?? 0,
    ...(active
      ? { groupKey: active.certificate.groupKey, threshold: active.certificate.threshold }
      : {}),
    holders: active
      ? active.certificate.holders.map((index) => {
          const party = active.roster.parties[index - 1];
          return party === undefined ? '?' : nameOf(active.roster, party.key);
        })
      : [],
    isHolder: active?.key !== undefined,
    ...(attempt ? { attempt: { number: attempt.plan.attempt, phase: attempt.phase } } : {}),
    ...(registry ? { registry } : {}),
    blames: [...blames],
    waiting: [...waiting],
  };
}
