/** Deposits that another chain never saw: there is no bridge yet that could believe them. */
import type { Open } from '../types.ts';

export const crossChain: Open = {
  kind: 'open',
  name: 'cross-chain-forgeries',
  title: 'Forged deposits of another chain',
  incidents: [
    'Wormhole 2022 and Nomad 2022: messages that nobody had proved',
    'Poly 2021, Orbit 2024: the keys of the bridge itself',
  ],
  control: 'credit only on final source state, never more than is locked there',
  invariants: ['I14'],
  needs: 'a bridge; no contract of the venue credits anything but its own token’s transfers',
};
