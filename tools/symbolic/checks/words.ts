/** Checks of words: accounts, lanes, orders and records. */
import { mutant, type Property } from '../../prove/property.ts';
import { check, library } from './check.ts';

const accounts: readonly Property[] = [
  check(
    'code.account',
    'AccountChecks.check_fields',
    [],
    'Accounts',
    'The fields of an account are read as written, side by side in their word',
    [
      mutant(
        'the home reads a bit of the cash',
        library('Accounts'),
        'return uint8(AccountWord.unwrap(self) >> HOME_SHIFT);',
        'return uint8(AccountWord.unwrap(self) >> (HOME_SHIFT + 1));',
      ),
    ],
  ),
  check(
    'code.neighbours',
    'AccountChecks.check_neighbours',
    [],
    'Accounts',
    'A field of an account that is written leaves all others as they were',
    [
      mutant(
        'the number of positions clears the epoch',
        library('Accounts'),
        'uint256 mask = uint256(type(uint8).max) << OTHERS_SHIFT;',
        'uint256 mask = uint256(type(uint16).max) << OTHERS_SHIFT;',
      ),
    ],
  ),
  check(
    'code.changed',
    'AccountChecks.check_changed',
    [],
    'Accounts',
    'What a batch writes into an account is what the careful functions write',
    [
      mutant(
        'the home market is lost',
        library('Accounts'),
        'sub(shl(128, 1), 1)), sub(shl(56, 1), 1)))',
        'sub(shl(128, 1), 1)), sub(shl(64, 1), 1)))',
      ),
    ],
  ),
  check(
    'code.differs',
    'AccountChecks.check_differs',
    [],
    'Accounts',
    'One comparison tells an account whose only position is at home, for every word',
    [
      mutant(
        '128 further positions are none',
        library('Accounts'),
        '(0xff << OTHERS_SHIFT);',
        '(0x7f << OTHERS_SHIFT);',
      ),
    ],
  ),
  check(
    'code.slots',
    'AccountChecks.check_slots',
    [],
    'Slots',
    'No account and no lane shares a slot with another, and what is stored is read',
    [
      mutant(
        'accounts from 2^16 on share lanes',
        library('Slots'),
        'slot := add(list.slot, key)',
        'slot := add(list.slot, and(key, 0xffffffff))',
      ),
    ],
  ),
];

const lanes: readonly Property[] = [
  check(
    'code.lane',
    'LaneChecks.check_fields',
    ['L11'],
    'Lanes',
    'The fields of a lane are read as written, side by side in their word',
    [
      mutant(
        'the sequence is shifted',
        library('Lanes'),
        'return uint32(LaneWord.unwrap(self) >> SEQ_SHIFT);',
        'return uint32(LaneWord.unwrap(self) >> (SEQ_SHIFT + 1));',
      ),
    ],
  ),
  check(
    'code.plus',
    'LaneChecks.check_plus',
    ['L11'],
    'Lanes',
    'Filling a lane adds up without wrapping and touches neither owner nor sequence',
    [
      mutant(
        'lots are added to the sequence',
        library('Lanes'),
        'LaneWord.unwrap(self) + (lots << FILLED_SHIFT)',
        'LaneWord.unwrap(self) + (lots << SEQ_SHIFT)',
      ),
    ],
  ),
  check(
    'code.meet',
    'LaneChecks.check_meet',
    ['L11', 'L15'],
    'Orders',
    'The one value that admits an order says what the plain conditions say',
    [
      mutant(
        'a sequence may go back by one',
        library('Orders'),
        'wrong := or(wrong, gt(before, seq_))',
        'wrong := or(wrong, gt(before, add(seq_, 1)))',
      ),
    ],
  ),
  check(
    'code.misfit',
    'LaneChecks.check_misfit',
    ['L11'],
    'Orders',
    'The one value that judges what an order filled says what the law of lanes says',
    [
      mutant(
        'one lot more than signed fits',
        library('Orders'),
        'wrong := or(iszero(lots), gt(filled, signed))',
        'wrong := or(iszero(lots), gt(filled, add(signed, 1)))',
      ),
    ],
  ),
  check(
    'code.replay',
    'LaneChecks.check_replay',
    ['L11'],
    'Orders, Lanes',
    'From any lane, an order only moves it forward and never beyond its size',
    [
      mutant(
        'what is filled is forgotten',
        library('Orders'),
        'mul(eq(before, seq_), shl(192',
        'mul(gt(before, seq_), shl(192',
      ),
    ],
  ),
  check(
    'code.close',
    'LaneChecks.check_close',
    ['L11'],
    'Closing, Desks, Slots',
    'Of two orders of a batch the lanes are stored with their lots, within their sizes',
    [
      mutant(
        'lots from 2^32 on are not counted',
        library('Closing'),
        'lane = lane.plus(lots);',
        'lane = lane.plus(lots & 0xffffffff);',
      ),
    ],
    { reverts: 'errors' },
  ),
  check(
    'code.close3',
    'LaneChecks.check_close3',
    ['L11'],
    'Closing, Desks, Slots',
    'Of three orders of a batch the lanes are stored with their lots, also if they share lanes',
    [
      mutant(
        'a record is as long as three tickets',
        library('Packer'),
        'next := add(cursor, 15)',
        'next := add(cursor, 270)',
      ),
    ],
    { reverts: 'errors', slow: true, seconds: 300 },
  ),
];

const orders: readonly Property[] = [
  check(
    'code.order',
    'OrderChecks.check_fields',
    [],
    'Orders',
    'The fields of an order are read as packed, and nothing else is',
    [
      mutant(
        'the expiry loses its high byte',
        library('Orders'),
        'return uint40(OrderTerms.unwrap(self) >> 48);',
        'return uint32(OrderTerms.unwrap(self) >> 48);',
      ),
    ],
  ),
  check(
    'code.digest',
    'OrderChecks.check_digest',
    [],
    'Orders',
    'The digest of an order made in place is that of abi.encode, byte by byte',
    [
      mutant(
        'the high byte of the expiry is not signed',
        library('Orders'),
        'mstore(add(BUFFER, 0x120), and(shr(48, self), 0xffffffffff))',
        'mstore(add(BUFFER, 0x120), and(shr(48, self), 0xffffffff))',
      ),
    ],
  ),
  check(
    'code.shared',
    'OrderChecks.check_digestShared',
    [],
    'Orders',
    'The digest of an order that shares account, market and flags needs nothing else',
    [
      mutant(
        'orders with other flags share them',
        library('Orders'),
        '(uint256(type(uint32).max) << 224) | (0xffff << 160)',
        '(uint256(type(uint32).max) << 224) | (0xff00 << 160)',
      ),
    ],
  ),
  check(
    'code.binds',
    'OrderChecks.check_digestBinds',
    [],
    'Orders',
    'Two orders with one digest agree in every field and in the epoch',
    [
      mutant(
        'the high byte of the lane is not signed',
        library('Orders'),
        'mstore(add(BUFFER, 0x140), and(shr(208, self), 0xffff))',
        'mstore(add(BUFFER, 0x140), and(shr(208, self), 0xff))',
      ),
    ],
  ),
];

const records: readonly Property[] = [
  check(
    'code.put',
    'PackerChecks.check_put',
    [],
    'Packer',
    'Bytes of any width are written one behind the other, and nothing in front of them changes',
    [
      mutant(
        'values are written a byte too far',
        library('Packer'),
        'mstore(cursor, shl(sub(256, shl(3, count)), value))',
        'mstore(cursor, shl(sub(248, shl(3, count)), value))',
      ),
    ],
  ),
  check(
    'code.records',
    'PackerChecks.check_records',
    [],
    'Packer',
    'The records of an event are what abi.encodePacked writes',
    [
      mutant(
        'the market of an order runs into its record',
        library('Packer'),
        'not(shr(80, not(0)))',
        'not(shr(88, not(0)))',
      ),
    ],
  ),
  check(
    'code.parameters',
    'PackerChecks.check_parameters',
    ['L17'],
    'ParameterWords',
    'Every parameter of a market is read from its words as the compiler reads it',
    [
      mutant(
        'the gap of funding reads its neighbour',
        library('ParameterWords'),
        'and(shr(128, high), 0xffff))',
        'and(shr(128, high), 0xffffff))',
      ),
    ],
  ),
];

export const wordChecks: readonly Property[] = [...accounts, ...lanes, ...orders, ...records];
