/** What ties each proved model to the deployed contract, and the mutants that must be told. */
import { properties } from '../prove/properties.ts';
import { type Mutant, mutant } from '../prove/property.ts';

/**
 * A tie: a test contract in `contracts/test/ties`.
 *
 * @property name Of its folder of mutants, and of the lines that it prints.
 * @property suite Contract of the tests.
 * @property properties Ids of what is proved of its models.
 * @property models Contracts of `Models.sol`, each with the file of the model that it opens.
 * @property contract The deployed side, if mutants of it are tried.
 * @property mutants Of that contract; those of the models are in the table of proofs.
 */
export type Tie = {
  readonly name: string;
  readonly suite: string;
  readonly properties: readonly string[];
  readonly models: readonly (readonly [name: string, file: string])[];
  readonly contract?: string;
  readonly mutants: readonly Mutant[];
};

const breaker = 'contracts/src/Breaker.sol';
const oracle = 'contracts/src/Oracle.sol';
const committees = 'contracts/src/Committees.sol';
const proofs = (name: string) => `contracts/proofs/${name}.sol`;

export const ties: readonly Tie[] = [
  {
    name: 'breaker',
    suite: 'BreakerTie',
    properties: ['breaker.tightens', 'breaker.loosens'],
    models: [
      ['TiedTightens', proofs('Breakers')],
      ['TiedClears', proofs('Breakers')],
    ],
    contract: 'Breaker',
    mutants: [
      mutant(
        'a clearing of an entry that changed',
        breaker,
        'if (pending.entry != _hash(scope)) revert',
        'if (pending.entry == 0) revert',
      ),
      mutant(
        'a clearing leaves its proposal',
        breaker,
        '        delete _pendingClears[scope];\n        Entry storage',
        '        Entry storage',
      ),
      mutant(
        'a higher level ends the lower one',
        breaker,
        '            set.until3 = until;\n',
        '            (set.until2, set.until3) = (until, until);\n',
      ),
      mutant(
        'the law is not asked',
        breaker,
        '            !LawLib.breakerTightens(inForce, level_,',
        '            level_ == 9 && !LawLib.breakerTightens(inForce, level_,',
      ),
      mutant(
        'an entry lasts a second longer',
        breaker,
        'uint40(block.timestamp + wish.holdSeconds);\n        _countHold',
        'uint40(block.timestamp + wish.holdSeconds + 1);\n        _countHold',
      ),
    ],
  },
  {
    name: 'oracle',
    suite: 'OracleTie',
    properties: ['report.step', 'report.always', 'aged.part'],
    models: [
      ['TiedReports', proofs('Reports')],
      ['TiedAged', proofs('Reports')],
    ],
    contract: 'Oracle',
    mutants: [
      mutant(
        'the round is not kept',
        oracle,
        'Head(head.verifier, next.round, next.time)',
        'Head(head.verifier, head.round, next.time)',
      ),
      mutant(
        'the time of a price is the block’s',
        oracle,
        'Quote(found, next.time,',
        'Quote(found, uint40(block.timestamp),',
      ),
      mutant('law L09 is not asked', oracle, '        _checkNext(head, next);\n', ''),
      mutant(
        'the first price stays',
        oracle,
        'Quote(found, next.time,',
        'Quote(before.price == 0 ? found : before.price, next.time,',
      ),
    ],
  },
  {
    name: 'committee',
    suite: 'CommitteeTie',
    properties: ['committee.keys'],
    models: [['TiedCommittee', proofs('CommitteeProofs')]],
    contract: 'Committees',
    mutants: [
      mutant(
        'a revoked key’s rotation goes on',
        committees,
        '        _committees[id].isRevoked = true;\n        delete _rotations[id];\n',
        '        _committees[id].isRevoked = true;\n',
      ),
      mutant(
        'a new key is born revoked',
        committees,
        '(generation, false)',
        '(generation, committee_.isRevoked)',
      ),
      mutant(
        'a change leaves the replacement',
        committees,
        '        delete _replacements[id];\n        emit KeyChanged',
        '        emit KeyChanged',
      ),
      mutant(
        'a replacement is as quick as a rotation',
        committees,
        'Delayed.readyAfter(replacementDelaySeconds)',
        'Delayed.readyAfter(rotationDelaySeconds)',
      ),
      mutant(
        'nobody asks whether the key in force signed',
        committees,
        'if (!Schnorr.isSigned(current, rotationDigest(id, expiry, candidate), consent)) {',
        'if (current.x == 0) {',
      ),
      mutant(
        'a late rotation counts',
        committees,
        'if (block.timestamp > expiry) revert',
        'if (expiry == 0) revert',
      ),
      mutant(
        'a dropped replacement still waits',
        committees,
        '        delete _replacements[id];\n        emit ReplacementCancelled',
        '        emit ReplacementCancelled',
      ),
    ],
  },
  {
    name: 'house',
    suite: 'HouseTie',
    properties: ['cash.conserved', 'cash.step', 'net.zero', 'net.step', 'lane.replay', 'lane.step'],
    models: [
      ['TiedCash', proofs('Cash')],
      ['TiedInterest', proofs('Interest')],
      ['TiedLane', proofs('Lanes')],
    ],
    mutants: [],
  },
];

/** A mutant that a tie must tell, and the contracts that it is compiled into. */
export type Control = { readonly mutant: Mutant; readonly contracts: readonly string[] };

/** Mutants of the models, which the proofs do not survive either, then those of the contract. */
export function controlsOf({ properties: ids, models, contract, mutants }: Tie): Control[] {
  const all = properties.filter(({ id }) => ids.includes(id)).flatMap((each) => each.mutants);
  const keys = all.map(({ file, from, to }) => `${file} ${from} ${to}`);
  const once = all.filter((_, i) => keys.indexOf(keys[i]!) === i);
  const modelled = once.map((mutant) => {
    // What is mutated beside the models, a library, is in all of them.
    const own = models.filter(([, file]) => file === mutant.file);
    return { mutant, contracts: (own.length > 0 ? own : models).map(([name]) => name) };
  });
  const real = contract === undefined ? [] : [contract];
  return [...modelled, ...mutants.map((each) => ({ mutant: each, contracts: real }))];
}
