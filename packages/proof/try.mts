import { compileCircuit, toolbox, loadCircuit } from '/work/wt/proof/packages/proof/src/node/index.ts';
import { readFileSync } from 'node:fs';
import * as P from '/work/wt/proof/packages/proof/src/index.ts';
const tools = toolbox('/work/wt/proof');
const t0=Date.now();
const c = await compileCircuit(tools,'solvency',4);
const m = await compileCircuit(tools,'margin',4);
console.log(c,m,Date.now()-t0);
const ctx=[{lotValue:1000000n,maintenancePpm:50000,initialPpm:100000,fundingIndex:-12345n},{lotValue:77n,maintenancePpm:33333,initialPpm:66666,fundingIndex:99999999n}];
const z=(a:bigint[])=>Array.from({length:16},(_,i)=>a[i]??0n);
const members=[1,2,3,4,5].map((i)=>({key:P.memberKey(BigInt(i),BigInt(1000+i)),salt:BigInt(i*77),cash:(BigInt(10000000*i)<<32n)+5n,sizes:z([BigInt(i)*3n,-BigInt(i)*7n])}));
const s=P.addMembers(P.noSums,members);
const facts={chainId:31337n,pool:0xabcn,epoch:7n,context:ctx,totals:{cash:s.cash,sizes:s.sizes},keys:members.map(m=>m.key)};
const plan=P.planEpoch({circuitId:123n,size:4},facts,members,[11n,22n]);
if('code' in plan) throw plan;
const calc=loadCircuit(readFileSync(c.wasm));
for(const p of plan){const t=Date.now(); const w=calc(p.input); console.log(w.length, w.slice(0,4), Date.now()-t)}
