/** Who may do what changes: governor, steward, guardians, verifier, keys of committees. */
import type { VenueEvent } from '../../rule.ts';
import { allTapes, isAnnounced, rule, type Score } from '../kit/builtin.ts';
import { announcedRotation, announcedUpgrade } from '../tape/benign.ts';
import { gather, live } from '../tape/crowd.ts';
import { addressOf } from '../tape/venue.ts';

/** What proposes a change, and the change that may follow from it. */
const proposals: Readonly<Record<string, string>> = {
  GovernorProposed: 'GovernorChanged',
  StewardProposed: 'StewardChanged',
  GuardianProposed: 'GuardianAdded',
  VerifierProposed: 'VerifierChanged',
  RotationProposed: 'KeyChanged',
  ReplacementProposed: 'KeyChanged',
};
const changes = [...Object.values(proposals), 'GuardianRemoved', 'KeyWasRevoked'];

/** Changes that were proposed: name and subject. */
type Memory = ReadonlySet<string>;

const subjectOf = ({ args }: VenueEvent): string =>
  String(
    args.id ?? args.governor ?? args.steward ?? args.guardian ?? args.verifier ?? '',
  ).toLowerCase();

/** Addresses are long; an announcement names a committee or only the kind. */
const isPlanned = (list: string, event: VenueEvent): boolean =>
  isAnnounced(list, event.name, subjectOf(event));

export default rule({
  id: 'role-change',
  tier: 'flow',
  severity: 'high',
  title: 'A role changes hands',
  reads: 'proposals and changes of governor, steward, guardians, verifier and keys of committees',
  threshold: { kind: 'any' },
  settings: {
    announced: { value: '', doc: 'what is planned: `Name subject`, comma separated; told as info' },
  },
  begin: (): Memory => new Set(),
  measure: (view, before, { announced }) => {
    let memory = before;
    const scores: Score[] = [];
    for (const event of view.events) {
      const follows = proposals[event.name];
      if (follows === undefined && !changes.includes(event.name)) continue;
      // A venue's first keys and guardians are told in the blocks in which it is deployed.
      if (view.previous === undefined || view.previous.batchNumber + view.previous.round === 0)
        continue;
      const subject = subjectOf(event);
      const planned = isPlanned(announced, event);
      const wasProposed = memory.has(`${event.name} ${subject}`);
      if (follows !== undefined) memory = new Set([...memory, `${follows} ${subject}`]);
      const known = planned || (follows === undefined && wasProposed);
      const severity = known ? 'info' : follows === undefined ? 'critical' : 'high';
      scores.push({
        key: `${event.name} ${subject}`,
        scope: 0,
        value: 1,
        severity,
        title: `${event.name} ${subject}`.trim(),
        evidence: {
          subject,
          readyAt: Number(event.args.readyAt ?? 0),
          announced: planned ? 'yes' : 'no',
        },
      });
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes.filter(
      (name) => !['planned upgrade', 'key rotation', 'oracle source replacement'].includes(name),
    ),
    speaks: {
      'planned upgrade': 'an announced verifier is told as info',
      'key rotation': 'announced keys and guardians are told as info',
      'oracle source replacement': 'the announced key of the committee is told as info',
    },
    settings: { announced: `${announcedUpgrade}, ${announcedRotation}` },
    attack: {
      what: 'a stolen governor proposes its own successor, and a guardian is gone',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
        const [governor, guardian] = [addressOf(0xdead), `0x${'9d'.repeat(20)}`];
        const readyAt = tape.now() + 86_400;
        tape.event({ source: 'parameters', name: 'GovernorProposed', args: { governor, readyAt } });
        tape.event({ source: 'breaker', name: 'GuardianRemoved', args: { guardian } });
        yield tape.block(2);
      },
    },
    mutants: [
      {
        what: 'everything is known',
        from: 'const known = planned ||',
        to: 'const known = !planned ||',
      },
      { what: 'a change needs no proposal', from: 'memory.has(`', to: '!memory.has(`' },
    ],
  },
});
