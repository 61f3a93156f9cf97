import { existsSync, readFileSync, statSync } from 'node:fs';
import { planEpoch } from './src/index.ts';
import {
  compileCircuit,
  developmentKeys,
  loadCircuit,
  loadKey,
  prove,
  toolbox,
} from './src/node/index.ts';
import { blindsFor, bookOf, factsOf } from './test/world.ts';

const t = toolbox('/work/wt/proof');
const cpu = (c: NodeJS.CpuUsage) => {
  const u = process.cpuUsage(c);
  return (u.user + u.system) / 1e6;
};
let t0 = Date.now();
let c0 = process.cpuUsage();
const circuit = await compileCircuit(t, 'solvency', 16);
console.log('compile', (Date.now() - t0) / 1000, circuit.constraints);
const dir = 'circuits/out/dev-16';
if (!existsSync(dir)) {
  t0 = Date.now();
  c0 = process.cpuUsage();
  await developmentKeys(t, dir, {
    size: 16,
    circuits: ['solvency'],
    now: 1,
    onStep: (w) => console.log((Date.now() - t0) / 1000, cpu(c0), w),
  });
  console.log(
    'setup',
    (Date.now() - t0) / 1000,
    cpu(c0),
    process.memoryUsage().rss / 1e6,
    statSync(dir + '/solvency-16.zkey').size,
  );
}
const key = loadKey(dir + '/solvency-16.key.json');
const members = bookOf(16);
const plans = planEpoch(
  { circuitId: key.circuitId, size: 16 },
  factsOf(members),
  members,
  blindsFor(1),
);
if ('code' in plans) throw plans;
t0 = Date.now();
c0 = process.cpuUsage();
const w = loadCircuit(readFileSync(circuit.wasm))(plans[0]!.input);
console.log('witness', (Date.now() - t0) / 1000, cpu(c0), w.length);
for (let i = 0; i < 2; i++) {
  const made = await prove(
    { tools: t, circuit, key, provingKey: dir + '/solvency-16.zkey' },
    plans[0]!,
  );
  console.log('prove', made.ms / 1000, made.memory);
}
