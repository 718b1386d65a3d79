/** Shows the job whose id stands behind the # of the address: so a reload shows it again, and a copied link shows it to others. */
const find = (selector) => document.querySelector(selector);
const steps = [...document.querySelectorAll('#steps li')];
const names = steps.map((li) => li.dataset.step);

const states = {
  waiting: 'waiting',
  active: 'working',
  delayed: 'asleep',
  'waiting-children': 'waiting for thumbnails',
  completed: 'done',
  failed: 'failed',
};

let source;

function watch() {
  source?.close();
  const id = location.hash.slice(1);
  find('#job').hidden = id === '';
  if (id === '') return;
  source = new EventSource(`jobs/${id}/events`);
  source.addEventListener('open', () => showLink('live'));
  source.addEventListener('message', ({ data }) => show(JSON.parse(data)));
  source.addEventListener('error', () => {
    showLink(source.readyState === EventSource.CLOSED ? 'no such job' : 'reconnecting');
  });
  source.addEventListener('end', () => {
    source.close(); // else it would connect again
    showLink('ended');
  });
}

function show({ title, state, step, progress, wakesIn, result, reason }) {
  const settled = ['completed', 'failed', 'removed'].includes(state);
  const at = state === 'completed' ? names.length : Math.max(names.indexOf(step ?? progress?.step), 0);
  find('#title').textContent = title;
  find('#state').textContent = states[state] ?? state;
  find('#job').dataset.state = state;
  steps.forEach((li, index) => {
    li.className = index < at ? 'done' : index > at ? '' : state === 'failed' ? 'failed' : 'now';
    if (index === at) li.setAttribute('aria-current', 'step');
    else li.removeAttribute('aria-current');
  });
  if (progress?.step === 'transcode') showSegments(progress.emission);
  if (at <= names.indexOf('transcode') && progress?.step !== 'transcode') showSegments({ done: 0, of: 1 });
  if (at > names.indexOf('transcode')) showSegments({ done: 1, of: 1 });
  showCountdown(wakesIn);
  const end = find('#end');
  end.hidden = !settled;
  end.textContent = result ?? reason ?? '';
  find('[data-action=cancel]').hidden = settled;
  find('[data-action=repair]').hidden = !(state === 'failed' && /scratched/.test(reason));
}

function showSegments({ done, of }) {
  find('progress').value = done / of;
  find('[data-step=transcode] small').textContent = of > 1 ? `${done} of ${of} segments` : '';
}

// --- the countdown ---

let wakesAt;
const hold = 30_000; // as in video-processor.ts

function showCountdown(remaining) {
  wakesAt = remaining === undefined ? undefined : performance.now() + remaining;
  find('[data-step=hold]').classList.toggle('asleep', wakesAt !== undefined);
  tick();
}

function tick() {
  if (wakesAt === undefined) return;
  const left = Math.max(wakesAt - performance.now(), 0);
  find('#countdown').textContent = `${Math.ceil(left / 1_000)} s`;
  find('#ring').style.strokeDashoffset = 100 - Math.min((left / hold) * 100, 100);
}
setInterval(tick, 100);

function showLink(text) {
  find('#link').textContent = text;
  find('#link').className = text;
}

// --- what can be clicked ---

async function post(path) {
  const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  const late = response.status === 409; // the job has gone on meanwhile, as the page shows
  if (!response.ok && !late) throw new Error(`the server answered ${response.status}`);
  return response.json();
}

document.addEventListener('click', ({ target }) => void clicked(target.closest('button')?.dataset));

async function clicked({ video, action } = {}) {
  find('#trouble').textContent = '';
  try {
    if (video) await begin(video);
    if (action) await act(action);
  } catch (error) {
    find('#trouble').textContent = `That did not work (${error.message}). Try again in a moment.`;
  }
}

async function begin(video) {
  location.hash = (await post(`videos/${video}/publish`)).id;
}

async function act(action) {
  await post(`jobs/${location.hash.slice(1)}/${action}`);
  if (source.readyState === EventSource.CLOSED) watch(); // it had failed, and goes on
}

addEventListener('hashchange', watch);
watch();
