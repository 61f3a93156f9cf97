/** Checks of the vault's windows. */
import { mutant, type Property } from '../../prove/property.ts';
import { check, library } from './check.ts';

const ring = library('OutflowRing');
const windows = 'contracts/src/VaultWindows.sol';

export const vaultChecks: readonly Property[] = [
  check(
    'code.count',
    'WindowChecks.check_count',
    ['L14'],
    'VaultWindows',
    'What leaves within the budgets is counted in its windows, off what is held, and nowhere else',
    [
      mutant(
        'the low does not follow',
        windows,
        'if (held < till.level.low0) till.level.low0 = uint56(held);\n    }\n\n    /// @dev Takes',
        '}\n\n    /// @dev Takes',
      ),
    ],
    { slow: true, seconds: 120 },
  ),
  check(
    'code.hour',
    'OutflowChecks.check_hour',
    ['L14'],
    'OutflowRing',
    'An hour moved on by up to three buckets counts their sum, as its view does; below 2^48 each',
    [
      mutant(
        'a word is not stored before the next',
        ring,
        'if (index != type(uint256).max) words[index] = word;\n                index = next;',
        'index = next;',
      ),
      mutant(
        'what leaves the window still counts',
        ring,
        'past = past + current - left;',
        'past = past + current;',
      ),
    ],
    { slow: true, seconds: 120 },
  ),
  check(
    'code.hourGone',
    'OutflowChecks.check_hourGone',
    ['L14'],
    'OutflowRing',
    'After a whole turn of the ring nothing of the hour counts, and nothing of it is left',
    [mutant('the current bucket is kept at every step', ring, '            current = 0;\n', '')],
    { slow: true },
  ),
];
