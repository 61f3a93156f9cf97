/**
 * What an adversary can do, as plain data: a sequence of steps is a story that can be written to a
 * file, changed, shortened and played again. Names stand for addresses and accounts, factors for
 * prices, so that a step means something wherever it stands.
 */

/**
 * Keys that the adversary may hold beside its own. `reporters` are two of five, a quorum being
 * three, who sign alone; `majority` the same two, with an honest observation of the same round.
 */
export const roleNames = [
  'reporter',
  'reporters',
  'majority',
  'guardian',
  'sequencer',
  'keeper',
] as const;
export type Role = (typeof roleNames)[number];

/**
 * An argument: `@name` is an address, `#name` an account, `report:KIND:PPM` and `sig:NAME` are
 * bytes, numbers are decimal text.
 */
export type Value = string | boolean | readonly Value[] | { readonly [field: string]: Value };

/** A call of a contract of the venue. */
export interface Call {
  readonly contract: string;
  readonly fn: string;
  readonly args: readonly Value[];
  /** Gas that it gets; enough unless told. */
  readonly gas?: number;
}

/** Which signed order a fill takes. */
export type OrderRef =
  | {
      readonly by: string;
      readonly side: 'buy' | 'sell';
      /** Base units. */
      readonly size: string;
      /** Of the last price, ppm. */
      readonly ppm: number;
      /** Fields that are changed after the signature; decimal text, `#name`, or a flag. */
      readonly after?: Readonly<Record<string, string | boolean>>;
    }
  | {
      /** An order that somebody signed earlier, by its place among them. */
      readonly known: number;
      readonly after?: Readonly<Record<string, string | boolean>>;
    };

export interface Fill {
  readonly maker: OrderRef;
  readonly taker: OrderRef;
  /** Of the price of the maker, ppm. */
  readonly ppm?: number;
}

export type Step =
  | { readonly do: 'honest' }
  | ({ readonly do: 'call'; readonly by: string } & Call)
  | { readonly do: 'puppet'; readonly first: readonly Call[]; readonly inside: readonly Call[] }
  | {
      readonly do: 'settle';
      readonly market: string;
      readonly fills: readonly Fill[];
      readonly report?: string;
    }
  | { readonly do: 'wait'; readonly seconds: number }
  /** The chain forgets what so many steps did; honest people say it again, nobody else does. */
  | { readonly do: 'reorg'; readonly steps: number };

/** In the words of the timeline. */
export function stepText(step: Step): string {
  const call = ({ contract, fn, args, gas }: Call): string => {
    const list = args.map((arg) => JSON.stringify(arg)).join(', ');
    return `${contract}.${fn}(${list})${gas === undefined ? '' : ` with ${gas} gas`}`;
  };
  const calls = (list: readonly Call[]): string => list.map(call).join('; ');
  const fill = ({ maker, taker }: Fill): string =>
    `${JSON.stringify(maker)} × ${JSON.stringify(taker)}`;
  switch (step.do) {
    case 'honest':
      return 'honest people go on';
    case 'call':
      return `${step.by}: ${call(step)}`;
    case 'puppet':
      return `puppet: ${calls(step.first)} [inside: ${calls(step.inside)}]`;
    case 'settle':
      return `settles ${step.market} ${step.fills.map(fill).join('; ')}`;
    case 'wait':
      return `waits ${step.seconds} s`;
    case 'reorg':
      return `${step.steps} steps are reorganised away`;
  }
}
