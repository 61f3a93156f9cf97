import { attacksAreStopped } from './stopped.ts';

// All of them are in tests/e2e/proof.e2e.ts; a few of the large circuit are enough here.
attacksAreStopped('margin');
attacksAreStopped('solvency', (_, i) => i % 13 === 1);
