/** Parameters that a steward moves. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';
const steering = 'contracts/src/libraries/Steering.sol';
const harness = 'Steward.sol';
const pure = { engine: 'bmc', method: 'all inputs', plain: ['wide'], harness } as const;

export const stewardProperties: readonly Property[] = [
  {
    id: 'steward.steps',
    slow: true,
    laws: ['L25'],
    title: 'A step of a steward ends between anchor and band, and is no larger than an hour’s',
    contract: 'StewardSteps',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'a margin may fall below the anchor',
        lawLib,
        '                    rises\n                    && anchor <= next\n',
        '                    rises\n',
      ),
    ],
  },
  {
    id: 'steward.held',
    slow: true,
    laws: ['L17', 'L18'],
    title: 'What a steward puts in force is in no field looser than the anchor',
    contract: 'StewardHeld',
    subject: 'Steering, Bounds, LawLib',
    ...pure,
    mutants: [
      mutant(
        'maintenance may fall below the anchor',
        steering,
        'if (tuple.maintenancePpm < anchor.maintenancePpm) return false;',
        '',
      ),
    ],
  },
  {
    id: 'steward.merges',
    slow: true,
    laws: ['L17'],
    title: 'Another anchor beside a steward’s tuple is always inside the hard bounds',
    contract: 'StewardMerges',
    subject: 'Steering',
    ...pure,
    mutants: [
      mutant(
        'the mark clamp does not narrow',
        steering,
        'return _smaller(clampPpm, initialPpm - maintenancePpm);',
        'return clampPpm;',
      ),
    ],
  },
  {
    id: 'steward.decays',
    laws: ['L25'],
    title: 'What decays goes towards the anchor and never past it',
    contract: 'StewardDecays',
    subject: 'Steering',
    ...pure,
    mutants: [
      mutant(
        'a step may pass the anchor',
        steering,
        'return from > to + step ? from - step : to;',
        'return from > step ? from - step : to;',
      ),
    ],
  },
];
