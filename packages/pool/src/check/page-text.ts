/** Words and looks of the page. */

export const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem }
p { margin: .4rem 0 } code, .value { font: .85em/1.4 ui-monospace, monospace }
.value { overflow-wrap: anywhere } .small, .told { color: #555; font-size: .85em }
.told { overflow-wrap: anywhere }
label { display: block; margin: .5rem 0 } label > span { display: block; font-size: .9em }
input:not([type]), textarea, select { font: .9em ui-monospace, monospace; width: 100%;
  box-sizing: border-box; padding: .35rem .5rem; border: 1px solid #999; border-radius: 3px;
  background: #fff; color: inherit }
input:disabled { background: #eee }
textarea { height: 4.5rem } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem }
#drop { border: 2px dashed #999; border-radius: 4px; padding: .8rem 1rem }
#drop.over { border-color: #1a1a1a; background: #f4f4f4 }
#papers { margin: .5rem 0; padding-left: 1.2rem; overflow-wrap: anywhere }
.good { color: #0b6b2e } .bad { color: #a40000 }
button { font: inherit; padding: .35rem 1rem; border: 1px solid #1a1a1a; border-radius: 3px;
  background: #fff; color: inherit; cursor: pointer }
#check { background: #1a1a1a; color: #fff; margin: 1.2rem .6rem 0 0; padding: .5rem 2rem }
button:disabled { opacity: .5 }
fieldset { border: 0; margin: 0; padding: 0 } fieldset label { display: inline-block;
  margin: 0 1.5rem .3rem 0 }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .92em }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid #ccc }
th:first-child, td:first-child { white-space: nowrap } td:last-child { width: 9rem }
#verdict { margin: 1.2rem 0 } #verdict h2 { margin-top: 0 }
.accepted { border: 2px solid #0b6b2e; padding: .8rem 1rem } .accepted h2 { color: #0b6b2e }
.refused { border: 2px solid #a40000; padding: .8rem 1rem } .refused h2 { color: #a40000 }
@media (max-width: 40rem) { .pair { grid-template-columns: 1fr } }
`;

const field = (id: string, label: string, hint = ''): string =>
  `<label><span>${label}</span><input id="${id}" autocomplete="off" spellcheck="false"` +
  `${hint === '' ? '' : ` placeholder="${hint}"`}>` +
  `<span class="told" id="told-${id}"></span></label>`;

export const body = `
<h1>Check a margin proof</h1>
<p>A member of a confidential pool shows that its equity covers what you asked for, without saying
who it is or what it holds. This page computes the verdict here, from your question and from what
the chain says. It sends nothing anywhere but the reading requests to the node that you name.</p>

<h2>1. What you were given</h2>
<div id="drop">
<p>Drop files anywhere on this page, or choose them: <input type="file" id="files" multiple
  accept=".json,application/json"></p>
<ul id="papers"></ul>
<label><span>or paste the text of one</span><textarea id="pasted" spellcheck="false"></textarea>
</label><button id="takePasted">Take the pasted text</button>
<p class="small"><code>margin.proof.json</code> comes from the member. The verification key
<code>margin-K.key.json</code> may come from anyone when the chain is read, for its hash must be the
one that the pool has in force. Off a local chain give <code>ceremony.json</code> as well. Nothing
in a file is run, and no file leaves this page.</p>
</div>

<h2>2. What you asked</h2>
<p class="small">Type it, or drop your <code>question.json</code>. What the member’s file says of
its question stands below a field; the field is yours alone.</p>
<div class="pair">
${field('verifier', 'Verifier: your address', '0x…')}
${field('requester', 'Requester: on whose behalf', '0x…')}
${field('nonce', 'Nonce: your number for this question')}
${field('expiry', 'Expiry: last second (Unix time) at which you take it')}
<label><span>Kind</span><select id="kind"><option value="initial">initial margin</option>
<option value="maintenance">maintenance margin</option><option value="threshold">equity of at least
a threshold</option></select><span class="told" id="told-kind"></span></label>
${field('threshold', 'Threshold in quote units (millionths of the token)')}
${field('chainId', 'Chain id')}
</div>

<h2>3. Where the facts come from</h2>
<fieldset><label><input type="radio" name="from" id="fromChain" checked> this page reads the
chain</label><label><input type="radio" name="from" id="fromPapers"> facts that I made
myself</label></fieldset>
<div id="chainPart">
<div class="pair">${field('url', 'JSON-RPC URL of a node that you trust', 'http://127.0.0.1:8545')}
${field('pool', 'The pool’s address, as you know it from its venue', '0x…')}</div>
<p class="small">Read at one block: chain id, time, the registry, the newest proven epoch and how
long it counts, the root of the chunk, the circuit in force. A node that lies can deceive this
page; the member and the operator cannot. The node has to let pages ask it (CORS).</p>
</div>
<div id="papersPart" hidden>
${field('root', 'Root of the chunk, as the chain holds it')}
<p class="small">Drop <code>facts.json</code> of your own as well, and take the key from the
ceremony that was published: here nothing compares it with the chain. Whether the epoch is the
newest and still counts you must know yourself; the time is that of your clock.</p>
</div>
<label><span>Nullifiers that you accepted before (optional)</span><textarea id="seen"
  spellcheck="false"></textarea></label>

<button id="check">Check</button><span id="busy"></span>
<div id="verdict" role="status"></div>

<h2>What a verdict means</h2>
<p class="small">“Proven” speaks of the epoch’s block and prices, not of now, and of nobody in
particular: bind it to a person by a nonce that you gave to that person alone. It rests on the
keys’ ceremony, on your node, and on this page being the one that your own copy of Holdfast writes
(<code>holdfast prove page</code> prints its SHA-256). A page that the member sends can say
anything.</p>
`;
