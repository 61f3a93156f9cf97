/**
 * Witness of a circuit by the wasm that the compiler made of it. Plain JavaScript, so that
 * `witness-main.mjs` runs it as a process without a loader.
 */
const faults = {
  1: 'a signal is not of the circuit',
  2: 'too many signals are set',
  3: 'a signal is set already',
  4: 'a constraint does not hold',
  5: 'out of memory',
  6: 'an input is larger than its array',
};

/** FNV-1a, 64 bits: how the wasm names its signals. */
function nameHash(name) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}

/** A compiled circuit. Each call of what it returns is a calculation of its own. */
export function loadCircuit(wasm) {
  const module = new WebAssembly.Module(wasm);
  return (input) => calculate(module, input);
}

/**
 * All signals of a circuit from its inputs.
 *
 * @param {WebAssembly.Module} module
 * @param {Record<string, any>} input bigints, and arrays of them
 * @returns {bigint[]} the witness; the first is 1
 * @throws Error that says which constraint does not hold
 */
function calculate(module, input) {
  const said = [];
  let _line = '';
  const text = () => {
    let found = '';
    for (let c = calls.getMessageChar(); c !== 0; c = calls.getMessageChar()) {
      found += String.fromCharCode(c);
    }
    return found;
  };
  const runtime = {
    exceptionHandler: (code) => {
      throw new Error(`${faults[code] ?? `fault ${code}`}${said.map((each) => `; ${each}`)}`);
    },
    printErrorMessage: () => {
      said.push(text().trim());
    },
    writeBufferMessage: () => {
      _line += text();
    },
    showSharedRWMemory: () => {
      _line = '';
    },
  };
  const calls = new WebAssembly.Instance(module, { runtime }).exports;
  const limbs = calls.getFieldNumLen32();
  const read = () => {
    let value = 0n;
    for (let i = limbs - 1; i >= 0; i--) {
      value = (value << 32n) | BigInt(calls.readSharedRWMemory(i) >>> 0);
    }
    return value;
  };
  calls.getRawPrime();
  const prime = read();
  calls.init(1);
  let count = 0;
  for (const [name, given] of Object.entries(input)) {
    const [high, low] = nameHash(name);
    const values = [given].flat(Number.POSITIVE_INFINITY);
    const size = calls.getInputSignalSize(high, low);
    if (size !== values.length) {
      const needed = size <= 0 ? 'there is no such signal' : `${size} values are needed`;
      throw new Error(`${name} has ${values.length} values: ${needed}`);
    }
    values.forEach((value, i) => {
      let rest = ((BigInt(value) % prime) + prime) % prime;
      for (let j = 0; j < limbs; j++) {
        calls.writeSharedRWMemory(j, Number(rest & 0xffffffffn));
        rest >>= 32n;
      }
      calls.setInputSignal(high, low, i);
      count++;
    });
  }
  if (count !== calls.getInputSize()) {
    throw new Error(`${count} signals are set, the circuit has ${calls.getInputSize()}`);
  }
  return Array.from({ length: calls.getWitnessSize() }, (_, i) => {
    calls.getWitness(i);
    return read();
  });
}

/** A witness as provers read it from a file. */
export function witnessFile(witness, prime) {
  const width = 32;
  const head = 12 + 12 + 4 + width + 4 + 12;
  const data = new Uint8Array(head + width * witness.length);
  const view = new DataView(data.buffer);
  let at = 0;
  const u32 = (value) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const section = (id, length) => {
    u32(id);
    view.setBigUint64(at, BigInt(length), true);
    at += 8;
  };
  const number = (value) => {
    for (let i = 0; i < width; i += 8) {
      view.setBigUint64(at, (value >> BigInt(8 * i)) & 0xffffffffffffffffn, true);
      at += 8;
    }
  };
  data.set(new TextEncoder().encode('wtns'));
  at = 4;
  u32(2);
  u32(2);
  section(1, 4 + width + 4);
  u32(width);
  number(prime);
  u32(witness.length);
  section(2, width * witness.length);
  for (const value of witness) number(value);
  return data;
}

/** Order of the scalar field of BN254. */
export const witnessPrime =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;
