/** Rounding, never in favour of who is charged, and what the prover's rewrites rest on. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';
const margin = 'contracts/src/libraries/Margin.sol';
const profit = 'contracts/src/libraries/Profit.sol';
const liquidations = 'contracts/src/libraries/Liquidations.sol';
const ring = 'contracts/src/libraries/OutflowRing.sol';

const pure = {
  engine: 'bmc',
  method: 'all inputs',
  plain: ['wide'],
  harness: 'Rounding.sol',
} as const;

export const roundingProperties: readonly Property[] = [
  {
    id: 'round.share',
    laws: ['L21'],
    title: 'A requirement and a fee are rounded up, by less than one unit',
    contract: 'RoundShare',
    subject: 'Margin',
    ...pure,
    mutants: [
      mutant(
        'a part is rounded down',
        margin,
        '(amount * ppm + (PPM - 1)) / PPM',
        '(amount * ppm) / PPM',
      ),
      mutant(
        'a part is a unit too large',
        margin,
        '(amount * ppm + (PPM - 1)) / PPM',
        '(amount * ppm + PPM) / PPM',
      ),
    ],
  },
  {
    id: 'round.fee',
    laws: ['L21'],
    title: 'The fee that the contracts take is the one that the law asks for',
    contract: 'RoundFee',
    subject: 'Margin, LawLib',
    ...pure,
    mutants: [
      mutant(
        'a fee is rounded down',
        margin,
        '(amount * ppm + (PPM - 1)) / PPM',
        '(amount * ppm) / PPM',
      ),
    ],
  },
  {
    id: 'round.closeOut',
    laws: ['L20'],
    title: 'Close-out margin is two thirds of maintenance, rounded down',
    contract: 'RoundCloseOut',
    subject: 'Margin',
    ...pure,
    mutants: [
      mutant(
        'close-out margin is rounded up',
        margin,
        'return maintenance * 2 / 3;',
        'return (maintenance * 2 + 2) / 3;',
      ),
    ],
  },
  {
    id: 'round.haircut',
    slow: true,
    laws: [],
    title: 'The part of a profit that does not count is rounded up and never more than the profit',
    contract: 'RoundHaircut',
    subject: 'Profit',
    ...pure,
    mutants: [
      mutant('the haircut is rounded down', profit, '* ppm + (PPM - 1)) / PPM', '* ppm) / PPM'),
    ],
  },
  {
    id: 'round.aged',
    slow: true,
    laws: [],
    title: 'The aged price takes off and never adds, in the direction that is worse for the owner',
    contract: 'RoundAged',
    subject: 'Profit',
    ...pure,
    mutants: [
      mutant(
        'a better aged price is paid out',
        profit,
        'return loss > 0 ? loss : int256(0);',
        'return loss;',
      ),
    ],
  },
  {
    id: 'round.penalty',
    laws: ['L20'],
    title: 'A penalty is at most 1.5 % and what the zero price leaves; a keeper gets at most half',
    contract: 'RoundPenalty',
    subject: 'Liquidations',
    ...pure,
    mutants: [
      mutant(
        'the reward grows without end',
        liquidations,
        'elapsedSeconds > REWARD_SECONDS ? REWARD_SECONDS : elapsedSeconds',
        'elapsedSeconds',
      ),
      mutant(
        'the penalty may take more than is left',
        liquidations,
        'return most < left ? most : left;',
        'return most;',
      ),
    ],
  },
  {
    id: 'round.levy',
    slow: true,
    laws: ['L20'],
    title: 'A levy brings in what is lost, and less than one unit per lot more',
    contract: 'RoundLevy',
    subject: 'Liquidations',
    ...pure,
    plain: ['left'],
    mutants: [
      mutant(
        'a levy is rounded down',
        liquidations,
        '((loss << 32) + lots - 1) / lots',
        '(loss << 32) / lots',
      ),
    ],
  },
  {
    id: 'round.zeroPrice',
    laws: ['L20'],
    title: 'A surcharge brings in the loss; a discount gives no more than there is',
    contract: 'RoundZeroPrice',
    subject: 'Liquidations',
    ...pure,
    mutants: [
      mutant(
        'a surcharge is rounded down',
        liquidations,
        '(loss + lots * tickValue - 1) / (lots * tickValue)',
        'loss / (lots * tickValue)',
      ),
      mutant(
        'a discount is rounded up',
        liquidations,
        'return worth / (lots * tickValue);',
        'return (worth + lots * tickValue - 1) / (lots * tickValue);',
      ),
    ],
  },
  {
    id: 'round.budget',
    slow: true,
    laws: ['L14'],
    title: 'A budget of the vault is rounded down, at least its floor, and fits its slot',
    contract: 'RoundBudget',
    subject: 'OutflowRing',
    ...pure,
    plain: ['wide', 'casts'],
    mutants: [
      mutant(
        'a budget is rounded up',
        ring,
        'uint256 share = lowest * ppm / 1_000_000;',
        'uint256 share = lowest * ppm / 1_000_000 + 1;',
      ),
    ],
  },
  {
    id: 'round.exit',
    laws: ['L24'],
    title: 'An exit is paid no more than its claim, rounded down, nor more than the pool',
    contract: 'RoundExit',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'a share may exceed the claim',
        lawLib,
        'return paid * 2 ** 32 <= claim\n',
        'return paid >= 0\n',
      ),
    ],
  },
];

const words = 'tools/prove/words.ts';

export const wordProperties: readonly Property[] = [
  {
    id: 'words.left',
    laws: [],
    title: 'A shift to the left by any constant is a product, for all words',
    harness: '',
    contract: 'left',
    subject: 'the rewrites of the prover',
    engine: 'bits',
    method: 'all inputs',
    mutants: [
      mutant(
        'shifted to the right',
        words,
        '(not (= (bvshl x (_ bv7 ',
        '(not (= (bvlshr x (_ bv7 ',
      ),
    ],
  },
  {
    id: 'words.wide',
    laws: [],
    title: 'Words are wider than any constant exactly if one of them is at least its power of two',
    harness: '',
    contract: 'wide',
    subject: 'the rewrites of the prover',
    engine: 'bits',
    method: 'all inputs',
    mutants: [mutant('one word is not asked', words, '(bvuge y (_ bv128 256))', 'false')],
  },
  {
    id: 'words.wideSigned',
    laws: [],
    title: 'The same for a signed word that is moved up by half of what fits',
    harness: '',
    contract: 'wideSigned',
    subject: 'the rewrites of the prover',
    engine: 'bits',
    method: 'all inputs',
    mutants: [
      mutant(
        'negative words are taken',
        words,
        `(bvslt x (_ bv${2n ** 256n - 2n ** 53n} `,
        `(bvslt x (_ bv${2n ** 256n - 2n ** 52n} `,
      ),
    ],
  },
];
