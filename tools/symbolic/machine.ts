/**
 * The EVM on words that may be unknown: runs code along every path, and tells how each ends. What
 * it does not know stops it with an error; nothing is passed over in silence.
 *
 * A fresh contract: storage is zero until it is written, no value is sent, logs go nowhere. No
 * block, no calls but that for the signer of a digest, which may be anyone. Positions in memory and
 * data, and targets of jumps, must be known.
 */
import { complement, ite, slice, zext } from './build.ts';
import { eq } from './compare.ts';
import { Memory } from './memory.ts';
import { constant, isConst, isOnes, type Term, variable } from './term.ts';
import { isTrue, keccak, operations } from './words.ts';

/** How a path ends, with what data, and what must be true for it to be taken. */
export type End = {
  kind: 'return' | 'revert' | 'invalid';
  data: Term | undefined;
  path: readonly Term[];
};

/** Data of a call: its bytes, and how many there are. */
export type Calldata = { memory: Memory; size: number };

export const limits = { paths: 2000, steps: 2_000_000, bytes: 1 << 16 };

type State = {
  pc: number;
  stack: Term[];
  memory: Memory;
  /** Slots that were written, the newest last. */
  storage: readonly (readonly [slot: Term, value: Term])[];
  path: readonly Term[];
};

type Machine = { code: Uint8Array; targets: ReadonlySet<number>; data: Calldata };
type Outcome = { ends: End[]; next: State[] };

const zero = constant(0n);

/** Every end of the code. @throws Error at what is not supported, and beyond the limits */
export function explore(code: Uint8Array, data: Calldata, most = limits): End[] {
  const machine = { code, targets: jumpTargets(code), data };
  const ends: End[] = [];
  const open: State[] = [{ pc: 0, stack: [], memory: new Memory(), storage: [], path: [] }];
  let steps = 0;
  for (let state = open.pop(); state; state = open.pop()) {
    let outcome: Outcome | undefined;
    while (!outcome) {
      steps += 1;
      if (steps > most.steps) throw new Error(`more than ${most.steps} steps`);
      outcome = step(machine, state);
    }
    ends.push(...outcome.ends);
    open.push(...outcome.next);
    if (ends.length + open.length > most.paths) throw new Error(`over ${most.paths} paths`);
  }
  return ends;
}

function jumpTargets(code: Uint8Array): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at < code.length; at += 1) {
    const byte = code[at]!;
    if (byte === 0x5b) found.add(at);
    if (byte >= 0x60 && byte <= 0x7f) at += byte - 0x5f;
  }
  return found;
}

const isBetween = (value: number, low: number, high: number) => value >= low && value <= high;

/** One instruction. Nothing is returned while the path goes on as it is. */
function step(machine: Machine, state: State): Outcome | undefined {
  const { code } = machine;
  const opcode = code[state.pc] ?? 0;
  const { stack } = state;
  if (opcode === 0) return end(state, 'return', undefined);
  if (opcode === 0x56 || opcode === 0x57) return jump(machine, state, opcode === 0x57);
  if (opcode === 0xf3 || opcode === 0xfd) {
    const [from, count] = [known(pop(state)), known(pop(state))];
    const data = count === 0 ? undefined : state.memory.load(from, count);
    return end(state, opcode === 0xf3 ? 'return' : 'revert', data);
  }
  if (opcode === 0xfe) return end(state, 'invalid', undefined);
  state.pc += 1;
  if (isBetween(opcode, 0x5f, 0x7f)) {
    const count = opcode - 0x5f;
    const bytes = Buffer.alloc(count);
    bytes.set(code.slice(state.pc, state.pc + count));
    stack.push(constant(count === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)));
    state.pc += count;
  } else if (isBetween(opcode, 0x80, 0x8f)) stack.push(peek(state, opcode - 0x80));
  else if (isBetween(opcode, 0x90, 0x9f)) {
    const at = stack.length - (opcode - 0x8f) - 1;
    const [top, other] = [peek(state, 0), peek(state, opcode - 0x8f)];
    stack[at] = top;
    stack[stack.length - 1] = other;
  } else if (isBetween(opcode, 0xa0, 0xa4)) for (let n = 0xa0 - 2; n < opcode; n += 1) pop(state);
  else if (operations[opcode]) {
    const operation = operations[opcode];
    const operands = Array.from({ length: operation.length }, () => pop(state));
    stack.push(operation(...(operands as [Term, Term, Term])));
  } else effect(machine, state, opcode);
  return undefined;
}

const end = ({ path }: State, kind: End['kind'], data: Term | undefined): Outcome => ({
  ends: [{ kind, data, path }],
  next: [],
});

function pop({ stack }: State): Term {
  const term = stack.pop();
  if (!term) throw new Error('the stack is empty');
  return term;
}

function peek({ stack }: State, depth: number): Term {
  const term = stack[stack.length - 1 - depth];
  if (!term) throw new Error('the stack is too short');
  return term;
}

/** A word as a number, where it must be known and small. */
function known(term: Term): number {
  if (!isConst(term)) throw new Error('a position or length that is not known');
  if (term.value > BigInt(limits.bytes)) throw new Error(`a position beyond ${limits.bytes} bytes`);
  return Number(term.value);
}

/** What reads or writes more than the stack. */
function effect({ code, data }: Machine, state: State, opcode: number): void {
  const { memory, stack } = state;
  const take = () => known(pop(state));
  switch (opcode) {
    case 0x20: {
      const [from, count] = [take(), take()];
      stack.push(keccak(count === 0 ? undefined : memory.load(from, count)));
      return;
    }
    case 0x34: // CALLVALUE
      stack.push(zero);
      return;
    case 0x35: {
      const at = pop(state);
      const isBeyond = isConst(at) && at.value >= BigInt(data.size);
      stack.push(isBeyond ? zero : data.memory.load(known(at), 32));
      return;
    }
    case 0x36: // CALLDATASIZE
      stack.push(constant(BigInt(data.size)));
      return;
    case 0x37:
      copy(memory, data.memory, [take(), take(), take()]);
      return;
    case 0x38: // CODESIZE
      stack.push(constant(BigInt(code.length)));
      return;
    case 0x39: {
      const bytes = new Memory();
      for (const [at, byte] of code.entries()) bytes.store(at, constant(BigInt(byte), 8));
      copy(memory, bytes, [take(), take(), take()]);
      return;
    }
    default:
      memoryOrSlot(state, opcode);
  }
}

/** What reads or writes memory and storage, and what does nothing. */
function memoryOrSlot(state: State, opcode: number): void {
  const { memory, stack } = state;
  const take = () => known(pop(state));
  switch (opcode) {
    case 0x50: // POP
      pop(state);
      return;
    case 0x51:
      stack.push(memory.load(take(), 32));
      return;
    case 0x52:
      memory.store(take(), pop(state));
      return;
    case 0x53:
      memory.store(take(), slice(pop(state), 0, 8));
      return;
    case 0x54:
      stack.push(loadSlot(state, pop(state)));
      return;
    case 0x55:
      state.storage = [...state.storage, [pop(state), pop(state)]];
      return;
    case 0x58: // PC
      stack.push(constant(BigInt(state.pc - 1)));
      return;
    case 0x5a: // GAS
      stack.push(variable('gas', 256));
      return;
    case 0x5b: // JUMPDEST
      return;
    case 0xfa:
      stack.push(recovered(memory, [pop(state), pop(state), pop(state)], [take(), take(), take()]));
      return;
    case 0x5e:
      copy(memory, memory, [take(), take(), take()]);
      return;
    default:
      throw new Error(`opcode 0x${opcode.toString(16)} is not supported`);
  }
}

/**
 * A static call of the contract at address 1: it has gas and answers with an address that only the
 * same input has for certain, or with nothing at all, which leaves what stood there.
 */
function recovered(
  memory: Memory,
  [, to, from]: [Term, Term, Term],
  [count, into, size]: [number, number, number],
): Term {
  const isRecovery = isConst(to) && to.value === 1n && count === 128 && size === 32;
  if (!isRecovery) throw new Error('a call that is not supported');
  const { id } = memory.load(known(from), count);
  const answer = ite(
    variable(`silent${id}`, 1),
    memory.load(into, 32),
    zext(variable(`signer${id}`, 160), 256),
  );
  memory.store(into, answer);
  return constant(1n);
}

function copy(memory: Memory, source: Memory, [to, from, count]: [number, number, number]): void {
  memory.copyFrom(source, to, from, count);
}

/** The newest write to a slot; one to a slot that may be another counts if it is the same. */
function loadSlot({ storage }: State, slot: Term): Term {
  return storage.reduce((found, [written, value]) => ite(eq(written, slot), value, found), zero);
}

function jump(machine: Machine, state: State, isConditional: boolean): Outcome | undefined {
  const target = known(pop(state));
  const flag = isConditional ? decided(state.path, isTrue(pop(state))) : constant(1n, 1);
  const go = (on: State, to: number) => {
    on.pc = to;
    if (to === target && !machine.targets.has(to)) throw new Error(`a jump to ${to}`);
  };
  if (isConst(flag)) {
    if (flag.value === 0n) state.pc += 1;
    else go(state, target);
    return undefined;
  }
  const { stack, memory, path } = state;
  const other = { ...state, stack: [...stack], memory: memory.copy() };
  other.path = [...path, ...parts(flag)];
  go(other, target);
  state.path = [...path, ...parts(complement(flag))];
  state.pc += 1;
  return { ends: [], next: [state, other] };
}

/** A condition that the path has settled already, as far as it is written the same. */
function decided(path: readonly Term[], flag: Term): Term {
  if (path.includes(flag)) return constant(1n, 1);
  if (path.includes(complement(flag))) return constant(0n, 1);
  return flag;
}

/** What holds if a condition does: both of two, none of one or the other. */
function parts(flag: Term): Term[] {
  const { op, args } = flag;
  if (op === 'and') return args.flatMap(parts);
  const inner = op === 'xor' && args.some(isOnes) ? complement(flag) : undefined;
  return inner?.op === 'or' ? inner.args.flatMap((arg) => parts(complement(arg))) : [flag];
}
