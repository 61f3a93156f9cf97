/** The part of evmole that is used here; its own types are not found under `exports`. */
declare module 'evmole' {
  export function contractInfo(
    code: string,
    what: { selectors?: boolean },
  ): { functions?: { selector: string }[] };
}
