/**
 * Terms as SMT-LIB text: bit-vectors, and Keccak as an unknown function without collisions. Every
 * term is written as narrow as its bounds allow, and its wider readers extend it.
 */
import { bitwise, complement, mul, withoutFactor } from './build.ts';
import { eq, ult } from './compare.ts';
import { pick, signedRange, unsignedRange } from './range.ts';
import { constant, type Term } from './term.ts';

const bits = (value: bigint, width: number): string => `(_ bv${value} ${width})`;
const lengthOf = (value: bigint): number => (value === 0n ? 1 : value.toString(2).length);

/** Bits that hold every value of a term, unsigned and signed. */
const plainWidth = (term: Term): number => lengthOf(unsignedRange(term)[1]);
function signedWidth(term: Term): number {
  const [low, high] = signedRange(term);
  const most = high > -low - 1n ? high : -low - 1n;
  return Math.min(term.width, (most <= 0n ? 0 : lengthOf(most)) + 1);
}

/** Bits that factors may have where products are known by their bounds alone. */
const factorBits = [20, 24, 41, 64, 81, 112, 128, 160, 200];

const hard: ReadonlySet<string> = new Set(['mul', 'udiv', 'urem', 'sdiv', 'srem']);

/** Terms as definitions of one text; a term is written once. */
export class Script {
  private readonly isLoose: boolean;
  private readonly lines: string[] = [];
  private readonly names = new Map<Term, { name: string; width: number; isSigned: boolean }>();
  private readonly hashes: Term[] = [];
  private readonly variables = new Map<string, number>();

  /**
   * @param isLoose Products and quotients of unknown words may be anything inside their bounds,
   *   and those of their operands: what cannot be then, cannot be at all, and is found sooner.
   */
  constructor(isLoose = false) {
    this.isLoose = isLoose;
  }

  /** The low bits of a term, exactly. */
  private low(term: Term, width: number): string {
    if (term.op === 'const') return bits(BigInt.asUintN(width, term.value), width);
    const { name, width: own, isSigned } = this.define(term);
    if (own === width) return name;
    if (own > width) return `((_ extract ${width - 1} 0) ${name})`;
    return `((_ ${isSigned ? 'sign' : 'zero'}_extend ${width - own}) ${name})`;
  }

  private define(term: Term) {
    const known = this.names.get(term);
    if (known) return known;
    const isSigned = pick(term).isSigned && signedWidth(term) < plainWidth(term);
    const width = term.op === 'var' ? term.width : isSigned ? signedWidth(term) : plainWidth(term);
    const isFree = this.isLoose && hard.has(term.op);
    const text = isFree ? '' : this.text(term, width);
    const name = term.op === 'var' ? term.name : `t${term.id}`;
    if (isFree) this.lines.push(...this.bounded(term, name, width, isSigned));
    else if (term.op !== 'var') {
      this.lines.push(`(define-fun ${name} () (_ BitVec ${width}) ${text})`);
    }
    const entry = { name, width, isSigned };
    this.names.set(term, entry);
    if (isFree) for (const fact of factsOf(term)) this.lines.push(`(assert ${this.holds(fact)})`);
    return entry;
  }

  private bounded(term: Term, name: string, width: number, isSigned: boolean): string[] {
    const [low, high] = (isSigned ? signedRange : unsignedRange)(term).map((bound) =>
      bits(BigInt.asUintN(width, bound), width),
    );
    const less = isSigned ? 'bvsle' : 'bvule';
    return [
      `(declare-const ${name} (_ BitVec ${width}))`,
      `(assert (and (${less} ${low} ${name}) (${less} ${name} ${high})))`,
    ];
  }

  /** The low `width` bits of a term, from its operands. */
  private text(term: Term, width: number): string {
    const { op, args, value } = term;
    const [a, b] = args as [Term, Term];
    if (op === 'var') {
      this.variables.set(term.name, term.width);
      return term.name;
    }
    if (op === 'slice') {
      const from = Number(value);
      return `((_ extract ${from + width - 1} ${from}) ${this.low(a, from + width)})`;
    }
    if (op === 'concat') return this.parts(args, width);
    if (op === 'sext') return this.extended(a, width);
    if (op === 'sum') return this.total(term, width);
    if (op === 'ite')
      return `(ite ${this.holds(a)} ${this.low(b, width)} ${this.low(args[2]!, width)})`;
    if (op === 'eq' || op === 'ult' || op === 'slt') return this.comparison(term);
    if (op === 'hash') return this.hashed(term);
    const modular = { and: 'bvand', or: 'bvor', xor: 'bvxor', mul: 'bvmul' };
    if (op in modular) {
      const texts = args.map((arg) => this.low(arg, width));
      return texts.reduce((x, y) => `(${modular[op as keyof typeof modular]} ${x} ${y})`);
    }
    return this.other(term, width);
  }

  private parts(args: readonly Term[], width: number): string {
    let at = 0;
    let text = '';
    for (const part of args) {
      if (at === width) break;
      const size = Math.min(part.width, width - at);
      const own = this.low(part, size);
      text = text === '' ? own : `(concat ${own} ${text})`;
      at += size;
    }
    return text;
  }

  private extended(inner: Term, width: number): string {
    if (width <= inner.width) return this.low(inner, width);
    return `((_ sign_extend ${width - inner.width}) ${this.low(inner, inner.width)})`;
  }

  private total({ args, coefs, value }: Term, width: number): string {
    const products = args.map((arg, at) => {
      const factor = BigInt.asUintN(width, coefs[at]!);
      const text = this.low(arg, width);
      if (factor === 1n) return text;
      if (BigInt.asIntN(width, factor) === -1n) return `(bvneg ${text})`;
      return `(bvmul ${bits(factor, width)} ${text})`;
    });
    const rest = BigInt.asUintN(width, value);
    if (rest !== 0n) products.push(bits(rest, width));
    return products.reduce((x, y) => `(bvadd ${x} ${y})`);
  }

  /** Division as wide as both operands need; shifts at the width of words. */
  private other({ op, args, width: own }: Term, width: number): string {
    const [a, b] = args as [Term, Term];
    const names = { udiv: 'bvudiv', urem: 'bvurem', sdiv: 'bvsdiv', srem: 'bvsrem' };
    const shifts = { shl: 'bvshl', lshr: 'bvlshr', ashr: 'bvashr' };
    const name = { ...names, ...shifts }[op as keyof (typeof names & typeof shifts)];
    const isPlain = op === 'udiv' || op === 'urem';
    const least = isPlain
      ? Math.max(plainWidth(a), plainWidth(b))
      : Math.max(signedWidth(a), signedWidth(b)) + 1;
    const wide = op in shifts ? own : Math.min(own, Math.max(least, width));
    const text = `(${name} ${this.low(a, wide)} ${this.low(b, wide)})`;
    return width === wide ? text : `((_ extract ${width - 1} 0) ${text})`;
  }

  private comparison({ op, args }: Term): string {
    const [a, b] = args as [Term, Term];
    const plain = Math.max(plainWidth(a), plainWidth(b));
    const signed = Math.max(signedWidth(a), signedWidth(b));
    const least = op === 'ult' ? plain : op === 'slt' ? signed : Math.min(plain, signed);
    const name = { eq: '=', ult: 'bvult', slt: 'bvslt' }[op as 'eq' | 'ult' | 'slt'];
    return `(ite (${name} ${this.low(a, least)} ${this.low(b, least)}) #b1 #b0)`;
  }

  private hashed(term: Term): string {
    const [data] = term.args as [Term];
    const name = `keccak${data.width}`;
    if (!this.hashes.some(({ args }) => args[0]!.width === data.width)) {
      this.lines.push(`(declare-fun ${name} ((_ BitVec ${data.width})) (_ BitVec 256))`);
    }
    this.hashes.push(term);
    return `(${name} ${this.low(data, data.width)})`;
  }

  /** A truth value as SMT-LIB has them. */
  private holds(flag: Term): string {
    return `(= ${this.low(flag, 1)} #b1)`;
  }

  /**
   * A query: can all of one of these lists be true? With the values of the variables, if so.
   * `isSmall` asks only for values below 2^8, but for what is a whole word: a counterexample among
   * them is found sooner.
   */
  query(ways: readonly (readonly Term[])[], isSmall = false): string {
    const texts = ways.map((all) => `(and true ${all.map((flag) => this.holds(flag)).join(' ')})`);
    const names = [...this.variables].map(
      ([name, width]) => `(declare-const ${name} (_ BitVec ${width}))`,
    );
    const logic = this.hashes.length > 0 ? 'QF_UFBV' : 'QF_BV';
    return [
      '(set-option :produce-models true)',
      `(set-logic ${logic})`,
      ...names,
      ...this.lines,
      ...this.collisions(),
      ...(isSmall ? this.small() : []),
      `(assert (or false ${texts.join('\n')}))`,
      '(check-sat)',
      names.length > 0 ? `(get-value (${[...this.variables.keys()].join(' ')}))` : '',
      '',
    ].join('\n');
  }

  private small(): string[] {
    return [...this.variables]
      .filter(([, width]) => width > 8 && width < 256)
      .map(([name, width]) => `(assert (bvult ${name} ${bits(256n, width)}))`);
  }

  /** That no two of the hashes collide. */
  private collisions(): string[] {
    return this.hashes.flatMap((one, at) =>
      this.hashes.slice(at + 1).map((two) => {
        const [a, b] = [one.args[0]!, two.args[0]!];
        const same = `(= ${this.low(one, 256)} ${this.low(two, 256)})`;
        if (a.width !== b.width) return `(assert (not ${same}))`;
        return `(assert (=> ${same} (= ${this.low(a, a.width)} ${this.low(b, b.width)})))`;
      }),
    );
  }
}

/**
 * What is true of a product or quotient whatever its operands are.
 *
 * @param widths Bits of the factors of which anything is said.
 */
export function factsOf(term: Term, widths: readonly number[] = factorBits): Term[] {
  const { op, args, width } = term;
  const [first, second] = args as [Term, Term];
  const fits = (each: Term, count: number) =>
    count >= width ? constant(1n, 1) : ult(each, constant(1n << BigInt(count), width));
  const implies = (premises: readonly Term[], fact: Term) =>
    premises.reduce((out, each) => bitwise('or', out, complement(each)), fact);
  if (op === 'mul') {
    const rest = args.slice(1).reduce(mul);
    const isZero = (each: Term) => eq(each, constant(0n, width));
    const zeros = args.map((each) => implies([isZero(each)], isZero(term)));
    const bounds = widths.flatMap((one) =>
      widths
        .filter((two) => one + two < width)
        .map((two) => implies([fits(first, one), fits(rest, two)], fits(term, one + two))),
    );
    return [...zeros, ...bounds];
  }
  if (op !== 'udiv') return [];
  // A quotient is no larger than what is divided; that of a product is the other factor.
  const facts = [complement(ult(first, term))];
  const rest = first.op === 'mul' ? withoutFactor(first, second) : undefined;
  if (!rest) return facts;
  const isZero = eq(second, constant(0n, width));
  for (const one of widths.filter((count) => count < width)) {
    const premises = [complement(isZero), fits(second, one), fits(rest, width - one)];
    facts.push(implies(premises, eq(term, rest)));
  }
  return facts;
}

/** Values of the variables in a solver's answer. */
export function readModel(text: string): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const [, name, value] of text.matchAll(/\(\s*(\w+)\s+#([xb][0-9a-f]+)\s*\)/g)) {
    found.set(name!, BigInt(`0${value}`));
  }
  return found;
}
