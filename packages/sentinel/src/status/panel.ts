/** The panel: one page, nothing from elsewhere, that asks for the status again and again. */

const style = `
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#16202a;background:#fbfbf9}
h1{font-size:1.35rem;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
p{margin:.2rem 0}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.22rem .7rem .22rem 0;border-bottom:1px solid #dfe3e6;
vertical-align:top}th{font-weight:600;color:#5a6872}td.n,th.n{text-align:right}
.good{color:#176b3a}.bad{color:#b3261e;font-weight:600}.dim{color:#5a6872}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#e6ebef;background:#12181d}
td,th{border-color:#2b353d}.good{color:#63c58c}.bad{color:#ff8a80}.dim,th{color:#93a1ab}}
`;

const script = `
const $=(id)=>document.getElementById(id);
const cell=(row,text,kind)=>{const td=document.createElement('td');td.textContent=text;
if(kind)td.className=kind;row.append(td);};
const fill=(id,rows)=>{const body=$(id);body.replaceChildren();for(const cells of rows){
const tr=document.createElement('tr');for(const [text,kind] of cells)cell(tr,text,kind);
body.append(tr);}};
async function look(){
let wait=1000;
try{
const status=await(await fetch('status')).json();
const findings=await(await fetch('findings')).json();
wait=Math.max(250,Math.min(status.blockMs,2000));
const broken=status.laws.filter((law)=>!law.holds);
const held=status.laws.length-broken.length;
$('sum').textContent=broken.length===0?'Every law holds':broken.length+' laws are broken';
$('sum').className=broken.length===0&&status.healthy?'good':'bad';
$('line').textContent='block '+status.block+', '+held+' of '+status.laws.length+' laws held, '
+status.findings.open+' findings, '+Math.round(status.overhead.medianMs)+' ms a block, '
+(status.healthy?'healthy':'NOT healthy');
fill('laws',status.laws.map((law)=>[[law.id],[law.title],
[law.holds?law.asked?'holds':'–':'BROKEN',law.holds?law.asked?'good':'dim':'bad'],
[String(law.asked),'n'],
[law.block?String(law.block):'not asked yet','n']]));
fill('eyes',status.endpoints.map((one,i)=>[[one.name],[one.trusted?'in use':one.fault,
one.trusted?'good':'bad'],[String(one.block),'n'],
[(status.sockets[i]||{state:'polled'}).state],[one.why||'']]));
fill('found',findings.slice(-50).reverse().map((row)=>[[row.severity,
row.severity==='critical'?'bad':''],[row.title],[row.firstBlock+' to '+row.lastBlock,'n'],
[row.acts?'acted on':row.shadow?'shadow':'told'],
[Object.entries(row.evidence).map(([k,v])=>k+' '+v).join(', ').slice(0,400),'dim']]));
const g=status.guardian;
$('guard').textContent=g?g.address+(g.isGuardian?'':' is no guardian')+', '+g.sent
+' tightenings sent, '+g.beats+' beats'+(g.waiting.length?', waiting: '+g.waiting.join('; '):'')
:'watches only';
}catch(error){$('sum').textContent='The sentinel does not answer';$('sum').className='bad';}
setTimeout(look,wait);}
look();
`;

/** The page. */
export const panel = (name: string): string => `<!doctype html><html lang="en"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">
<title>Holdfast ${name}</title><style>${style}</style></head><body>
<h1>${name}: <span id="sum">looking</span></h1><p id="line" class="dim"></p>
<h2>Laws</h2><table><thead><tr><th>Law</th><th>What it says</th><th>Now</th>
<th class="n">Asked</th><th class="n">Last block</th></tr></thead><tbody id="laws"></tbody></table>
<h2>Findings</h2><table><thead><tr><th>Severity</th><th>What</th><th class="n">Blocks</th>
<th>Done</th><th>Evidence</th></tr></thead><tbody id="found"></tbody></table>
<h2>Endpoints</h2><table><thead><tr><th>Name</th><th>State</th><th class="n">Block</th>
<th>Socket</th><th>Why</th></tr></thead><tbody id="eyes"></tbody></table>
<h2>Guardian</h2><p id="guard" class="dim"></p>
<script>${script}</script></body></html>`;
