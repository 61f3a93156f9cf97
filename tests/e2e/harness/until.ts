import { sleep } from '@holdfast/host';

/**
 * Asks again and again until `probe` gives something else than undefined or false.
 *
 * @param what named in the error, with the last thing that `probe` threw
 * @param msMax longest wait, wall ms
 */
export async function until<T>(
  what: string,
  msMax: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  everyMs = 200,
): Promise<T> {
  const end = Date.now() + msMax;
  let trouble = '';
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      trouble = '';
    } catch (error) {
      trouble = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > end) throw new Error(`after ${msMax} ms still not: ${what}${trouble}`);
    await sleep(everyMs);
  }
}

/** Seconds since `began` (wall ms) with one decimal. */
export const since = (began: number): string => ((Date.now() - began) / 1000).toFixed(1);
