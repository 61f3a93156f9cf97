/** Laws on leaving: forced requests, the freeze, the sharing of what is left. */
import { bool, type Law, uint } from '../law.ts';
import { add, and, eq, le, lt, mul, or } from '../term.ts';

const time = (text: string) => uint(40, `${text}, seconds`);
const q32 = 2n ** 32n;

export const leavingLaws: readonly Law[] = [
  {
    id: 'L22',
    name: 'forcedInTurn',
    title: 'The forced queue is contiguous and on time',
    statement:
      'A forced request is executed in its turn: by the sequencer, or by anyone once its ' +
      'deadline has passed, which is also when it may step aside for want of a price. From then ' +
      'on it is always its turn.',
    assumes: 'Deadline is that of the request with this number, and aside whether it stepped out.',
    inputs: {
      number: uint(64, 'request to be executed'),
      done: uint(64, 'last one executed'),
      count: uint(64, 'requests made'),
      deadline: time('deadline of the request'),
      nowTime: time('time of the block'),
      bySequencer: bool('whether the sequencer executes'),
      aside: bool('whether it was set aside'),
    },
    predicate: and(
      or(
        and(eq('number', add('done', 1)), le('number', 'count')),
        and('aside', le('number', 'done')),
      ),
      or('bySequencer', lt('deadline', 'nowTime')),
    ),
    example: {
      number: 4n,
      done: 3n,
      count: 6n,
      deadline: 100,
      nowTime: 101,
      bySequencer: false,
      aside: false,
    },
    edges: [
      {
        number: 4n,
        done: 3n,
        count: 4n,
        deadline: 100,
        nowTime: 50,
        bySequencer: true,
        aside: false,
      },
      {
        number: 1n,
        done: 0n,
        count: 9n,
        deadline: 70,
        nowTime: 500,
        bySequencer: false,
        aside: false,
      },
      {
        number: 3n,
        done: 3n,
        count: 3n,
        deadline: 70,
        nowTime: 71,
        bySequencer: false,
        aside: true,
      },
    ],
  },
  {
    id: 'L23',
    name: 'freezeLawful',
    title: 'Only a venue that has stopped serving is frozen',
    statement:
      'The venue is frozen only while the next forced request is overdue by more than the grace, ' +
      'or one aside by more than the grace and the longer term of these, or when no report has ' +
      'been accepted for longer than the silence.',
    assumes: 'Report time is 0 before the first report; the deadline aside is the oldest one.',
    inputs: {
      waiting: bool('whether a forced request waits'),
      deadline: time('deadline of the next request'),
      aside: bool('whether one waits aside'),
      asideDeadline: time('deadline of the oldest one aside'),
      graceSeconds: uint(32, 'how long it may be overdue'),
      asideSeconds: uint(32, 'how much longer one aside may be'),
      reportTime: time('time of the last accepted report'),
      silenceSeconds: uint(32, 'how long reports may stay away'),
      nowTime: time('time of the block'),
    },
    predicate: or(
      and('waiting', lt(add('deadline', 'graceSeconds'), 'nowTime')),
      and('aside', lt(add(add('asideDeadline', 'graceSeconds'), 'asideSeconds'), 'nowTime')),
      and(lt(0, 'reportTime'), lt(add('reportTime', 'silenceSeconds'), 'nowTime')),
    ),
    example: {
      waiting: true,
      deadline: 100,
      aside: false,
      asideDeadline: 0,
      graceSeconds: 50,
      asideSeconds: 300,
      reportTime: 90,
      silenceSeconds: 604_800,
      nowTime: 151,
    },
    edges: [
      {
        waiting: true,
        deadline: 600,
        aside: true,
        asideDeadline: 100,
        graceSeconds: 50,
        asideSeconds: 300,
        reportTime: 400,
        silenceSeconds: 604_800,
        nowTime: 451,
      },
      {
        waiting: false,
        deadline: 0,
        aside: false,
        asideDeadline: 0,
        graceSeconds: 50,
        asideSeconds: 300,
        reportTime: 90,
        silenceSeconds: 100,
        nowTime: 191,
      },
      {
        waiting: false,
        deadline: 0,
        aside: false,
        asideDeadline: 0,
        graceSeconds: 50,
        asideSeconds: 300,
        reportTime: 1,
        silenceSeconds: 3,
        nowTime: 6,
      },
    ],
  },
  {
    id: 'L24',
    name: 'exitShared',
    title: 'Exits are paid in full, or all the same share',
    statement:
      'What an exit pays is the largest whole amount that exceeds neither the claim nor its ' +
      'share of the pool in proportion to all claims.',
    assumes: 'Claims is the sum of all claims, of which this is one.',
    inputs: {
      paid: uint(96, 'paid, quote units'),
      claim: uint(127, 'claim of the account, quote × 2^32'),
      claims: uint(150, 'sum of all claims, quote × 2^32'),
      pool: uint(96, 'what there is for them, quote units'),
    },
    predicate: and(
      le(mul('paid', q32), 'claim'),
      le(mul('paid', 'claims'), mul('claim', 'pool')),
      or(
        lt('claim', mul(add('paid', 1), q32)),
        lt(mul('claim', 'pool'), mul(add('paid', 1), 'claims')),
      ),
    ),
    example: { paid: 2n, claim: 3n * q32, claims: 9n * q32, pool: 7n },
    edges: [
      { paid: 3n, claim: 3n * q32, claims: 9n * q32, pool: 9n },
      { paid: 3n, claim: 3n * q32 + 5n, claims: 9n * q32, pool: 20n },
      { paid: 0n, claim: 3n, claims: 9n * q32, pool: 7n },
    ],
  },
];
