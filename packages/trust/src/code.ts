/** What the code at an address is: which functions it has, and whether this build made it. */
/// <reference path="./evmole.d.ts" />
import type { Hex } from '@holdfast/units';

/** Bytes of one word, as a compiler leaves room for an immutable. */
const wordDigits = 64;
const push32 = '7f';

/**
 * Whether deployed code is what a creation code leaves behind, immutables aside. The compiler puts
 * an immutable behind a PUSH32 as a word of zeros, and the constructor fills it: nothing else may
 * differ.
 *
 * @param creation code without its arguments
 */
export function isBuiltFrom(code: Hex, creation: Hex): boolean {
  const found = code.slice(2);
  const whole = creation.slice(2);
  if (found.length === 0) return false;
  const head = found.slice(0, 16);
  for (let at = whole.indexOf(head); at !== -1; at = whole.indexOf(head, at + 2)) {
    if (at % 2 === 0 && matches(found, whole.slice(at, at + found.length))) return true;
  }
  return false;
}

function matches(found: string, template: string): boolean {
  if (template.length !== found.length) return false;
  for (let at = 0; at < found.length; ) {
    const opcode = template.slice(at, at + 2);
    if (found.slice(at, at + 2) !== opcode) return false;
    at += 2;
    const value = Number.parseInt(opcode, 16);
    const digits = value >= 0x60 && value <= 0x7f ? (value - 0x5f) * 2 : 0;
    const expected = template.slice(at, at + digits);
    const isRoom = opcode === push32 && expected === '0'.repeat(wordDigits);
    if (!isRoom && found.slice(at, at + digits) !== expected) return false;
    at += digits;
  }
  return true;
}

/** Selectors that the dispatcher of some code knows, sorted; read by evmole from the code alone. */
export async function selectorsOf(code: Hex): Promise<Hex[]> {
  // Loaded when it is needed: it is a megabyte of WebAssembly.
  const { contractInfo } = await import('evmole');
  const { functions = [] } = contractInfo(code, { selectors: true });
  return functions.map(({ selector }) => `0x${selector}` as const).sort();
}
