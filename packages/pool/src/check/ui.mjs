/**
 * The page's hands: fields in, text out. Whatever comes from a file is shown as text and never as
 * markup. All judging is in desk.ts.
 */
import { checkForm, isRejection, withPaper, wordsOf } from './desk.ts';

const at = (id) => document.getElementById(id);
const fields = ['chainId', 'verifier', 'requester', 'nonce', 'expiry', 'kind', 'threshold'];
const names = {
  proof: 'margin proof',
  question: 'question',
  key: 'verification key',
  ceremony: 'transcript of the ceremony',
  facts: 'facts',
};
let papers = {};
/** Checks that began; only the newest may show its verdict. */
let turn = 0;

function element(tag, text, kind) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** A verdict is of what was there; after any change there is none. */
function clear() {
  turn += 1;
  at('verdict').replaceChildren();
  at('verdict').className = '';
}

function tell(list, text, kind) {
  at(list).append(element('li', text, kind));
}

function showSource() {
  const isChain = at('fromChain').checked;
  at('chainPart').hidden = !isChain;
  at('papersPart').hidden = isChain;
  at('threshold').disabled = at('kind').value !== 'threshold';
}

function take(text, name) {
  clear();
  const found = withPaper(papers, text);
  if (isRejection(found)) {
    tell('papers', `${name}: ${found.message} (${found.code})`, 'bad');
    return;
  }
  papers = found.papers;
  tell('papers', `${name}: ${names[found.kind]}`, 'good');
  if (found.kind === 'question') {
    const words = wordsOf(papers.question);
    for (const field of fields) at(field).value = words[field];
  }
  if (found.kind === 'proof') showClaim(papers.proof);
  showSource();
}

/** What the file says of itself stands beside the fields, and never in them. */
function showClaim({ verifier, claim }) {
  const kinds = ['maintenance', 'initial', 'threshold'];
  const told = { verifier, ...claim, kind: kinds[Number(claim?.kind)] };
  for (const field of fields) {
    const place = at(`told-${field}`);
    if (place) place.textContent = told[field] === undefined ? '' : `the file: ${told[field]}`;
  }
}

async function takeFiles(list) {
  for (const file of list) {
    if (file.size > 1 << 20) {
      clear();
      tell('papers', `${file.name}: ${file.size} bytes are too many for any of these files`, 'bad');
    } else take(await file.text(), file.name);
  }
}

function showAccepted({ said, lines }) {
  const box = at('verdict');
  box.className = 'accepted';
  const table = document.createElement('table');
  const head = document.createElement('tr');
  for (const text of ['What', 'Value', 'From']) head.append(element('th', text));
  table.append(head);
  for (const { what, value, from } of lines) {
    const row = document.createElement('tr');
    row.append(element('td', what), element('td', value, 'value'), element('td', from));
    table.append(row);
  }
  const keep = 'Keep the nullifier and refuse it when it comes again: it is one answer, once.';
  box.append(element('h2', 'Proven'), element('p', said), table, element('p', keep));
}

function showRefused({ code, message }) {
  const box = at('verdict');
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  box.className = 'refused';
  box.append(element('h2', 'Not proven'), element('p', sentence), element('p', code, 'value'));
}

async function check() {
  clear();
  const own = turn;
  const value = (id) => at(id).value;
  at('check').disabled = true;
  at('busy').textContent = 'checking …';
  // A moment for the browser to say so: the pairing holds the page for a part of a second.
  await new Promise((done) => setTimeout(done, 30));
  let verdict;
  try {
    verdict = await checkForm({
      papers,
      asked: Object.fromEntries(fields.map((field) => [field, value(field)])),
      from: at('fromChain').checked ? 'chain' : 'papers',
      url: value('url'),
      pool: value('pool'),
      root: value('root'),
      seen: value('seen'),
      clock: BigInt(Math.floor(Date.now() / 1000)),
    });
  } catch (error) {
    verdict = { code: 'PageFailed', message: `the check itself failed: ${error}` };
  }
  at('check').disabled = false;
  at('busy').textContent = '';
  if (own !== turn) return;
  if (isRejection(verdict)) showRefused(verdict);
  else showAccepted(verdict);
}

function begin() {
  const drop = at('drop');
  for (const name of ['dragover', 'drop']) {
    document.addEventListener(name, (event) => event.preventDefault());
  }
  document.addEventListener('dragover', () => drop.classList.add('over'));
  document.addEventListener('dragleave', () => drop.classList.remove('over'));
  document.addEventListener('drop', (event) => {
    drop.classList.remove('over');
    takeFiles(event.dataTransfer.files);
  });
  at('files').addEventListener('change', (event) => takeFiles(event.target.files));
  at('takePasted').addEventListener('click', () => {
    take(at('pasted').value, 'pasted text');
    at('pasted').value = '';
  });
  document.addEventListener('input', () => {
    clear();
    showSource();
  });
  at('check').addEventListener('click', check);
  showSource();
}

begin();
