/** The terminal, passed in so that tests can stand in for it. */
import { toJson } from '@holdfast/host';

export type Io = {
  out(text: string): void;
  err(text: string): void;
  /** Whether standard output is a terminal. */
  readonly isTty: boolean;
  /** Terminal columns. */
  readonly columns: number;
  readonly cwd: string;
  readonly home: string;
  /** Asks for a secret without echo; undefined when nobody is there to answer. */
  askSecret(question: string): Promise<string | undefined>;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
};

/** Rows as columns, the first row being the header; numbers belong to the right. */
export function table(rows: readonly (readonly string[])[], rightFrom = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        i < rightFrom ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** A time of the chain, UTC, to the second. */
export const clockTime = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 19);

/** As above; 0 is no time yet. */
export const clockTimeOrNone = (seconds: number): string =>
  seconds === 0 ? '-' : clockTime(seconds);

/** Pairs as an aligned list. */
export function pairs(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** What a command has to say: as data for `--json`, as text for people, and what to do next. */
export type Result = {
  readonly data: unknown;
  readonly text: string;
  /** Shown to people under the text. */
  readonly next?: string | undefined;
};

/** Prints a result in the form that was asked for. */
export function print(io: Io, result: Result, json: boolean): void {
  if (json) {
    io.out(`${toJson(result.data)}\n`);
    return;
  }
  io.out(`${result.text}\n`);
  if (result.next !== undefined) io.out(`\nNext: ${result.next}\n`);
}
