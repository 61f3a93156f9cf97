/** Committees: the ways to another key. */
import { mutant, type Property } from '../property.ts';

const delayed = 'contracts/src/libraries/Delayed.sol';
const harness = 'contracts/proofs/CommitteeProofs.sol';

export const committeeProperties: readonly Property[] = [
  {
    id: 'committee.keys',
    slow: true,
    laws: [],
    title: 'A key changes by rotation or replacement alone, after its delay, one generation on',
    harness: 'CommitteeProofs.sol',
    contract: 'CommitteeKeys',
    subject: 'Committees, Delayed',
    engine: 'bmc',
    method: 'all executions',
    plain: ['wide'],
    model: 'CommitteeKeys',
    ties: ['contracts/test/ties/TieCommittee.t.sol#CommitteeTie'],
    mutants: [
      mutant(
        'a change needs no delay',
        delayed,
        'if (block.timestamp < readyAt) revert',
        'if (readyAt == 1) revert',
      ),
      mutant(
        'a revoked key hands over',
        harness,
        '(isRevoked, rotationReadyAt) = (true, 0);',
        'isRevoked = true;',
      ),
      mutant('a late rotation counts', harness, ' && block.timestamp <= expiry);', ');'),
    ],
  },
];
