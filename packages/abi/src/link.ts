type Hex = `0x${string}`;

/**
 * Creation code with the addresses of its libraries filled in.
 *
 * @param bytecode creation code with placeholders
 * @param links byte offsets by library name, the generated `<name>Links`
 * @param addresses 20-byte address by library name
 * @throws RangeError if an address is missing or is not 20 bytes
 */
export function linkBytecode(
  bytecode: Hex,
  links: Readonly<Record<string, readonly number[]>>,
  addresses: Readonly<Record<string, Hex>>,
): Hex {
  let code: string = bytecode;
  for (const [name, offsets] of Object.entries(links)) {
    const address = addresses[name];
    if (!address || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
      throw new RangeError(`library ${name}: a 20-byte address is required`);
    }
    for (const offset of offsets) {
      const at = 2 + offset * 2;
      code = code.slice(0, at) + address.slice(2).toLowerCase() + code.slice(at + 40);
    }
  }
  return code as Hex;
}
