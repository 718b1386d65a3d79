/**
 * What a rule would be without its guard: each of these must turn a test red whose title begins with the rule's id.
 * `npm run mutate` tries them all, `npm run mutate -- G4` those of a rule; `find` must stand in `file` exactly once.
 *
 * @typedef {object} Mutation
 * @property {string} rule
 * @property {string} file
 * @property {string} find
 * @property {string} replace
 * @property {readonly string[]} specs where the tests of the rule stand
 */

const steps = 'spec/steps/steps.spec.ts';
const routing = 'spec/steps/routing.spec.ts';
const gates = 'spec/steps/gates.spec.ts';
const pipelines = 'spec/steps/random-pipelines.spec.ts';
const items = 'spec/operators/checkpoint-map.spec.ts';
const children = 'spec/steps/children.spec.ts';
const worker = 'spec/worker/worker.spec.ts';
const contract = 'spec/contract/memory.spec.ts';
const admin = 'spec/steps/administration.spec.ts';
const guards = 'spec/steps/guards.spec.ts';
const limits = 'spec/steps/limits.spec.ts';

/** @type {(rule: string, file: string, find: string, replace: string, ...specs: string[]) => Mutation} */
const without = (rule, file, find, replace, ...specs) => ({ rule, file: `src/${file}`, find, replace, specs });

/** @type {readonly Mutation[]} */
export const mutations = [
  // --- steps ---
  without('S1', 'steps/metadata.ts', 'records.unshift(', 'records.push(', steps, 'spec/decorators/step.spec.ts'),
  without(
    'S2',
    'steps/step-run.ts',
    'this.#last = this.progress.payloads',
    'this.#last ??= this.progress.payloads',
    steps,
  ),
  without(
    'S2',
    'steps/stream.ts',
    'if (isObject(returned)) {',
    'if (Array.isArray(returned)) return from(returned);\n  if (isObject(returned)) {',
    steps,
  ),
  without('S3', 'steps/writer.ts', '    this.#busy = true;\n', '', steps),
  without('S3', 'steps/step-run.ts', '    this.#emissions++;\n', '    this.#emissions = 1;\n', steps),
  without('S3', 'steps/writer.ts', '    if (this.#busy) {\n', '    if (this.#busy && this.#next) {\n', steps),
  without(
    'S4',
    'steps/job-run.ts',
    'else this.#progress.writer.save(() => this.#advance());',
    'else {\n      this.#progress.writer.save(() => {});\n      this.#advance();\n    }',
    steps,
  ),
  without(
    'S4',
    'steps/progress.ts',
    "for (const field of this.writer.names('g:', 'i:')) changes.push([field, undefined]);",
    '',
    steps,
  ),
  without(
    'S5',
    'job/payloads.ts',
    'if (value === undefined) return undefined;',
    'if (value === undefined) value = null;',
    steps,
    gates,
  ),
  without('S6', 'steps/cursor.ts', 'return JSON.stringify({ r, v, s, f,', 'return JSON.stringify({ r, v, s,', steps),
  without(
    'S6',
    'steps/step-job-view.ts',
    "this.#saved = { payload: writer.get('e') };",
    'this.#saved = { payload: undefined };',
    steps,
  ),
  without(
    'S7',
    'steps/gate.ts',
    'if (this.#isResumed) this.#step.route.noted',
    'if (!this.#record) this.#step.route.noted',
    guards,
  ),
  without('S7', 'steps/job-run.ts', '(route ?? step.next)', '(step.next ?? route)', routing),
  without(
    'S8',
    'steps/progress.ts',
    'timestamp, this.#cursor.run, this.#cursor.visit)',
    'timestamp, this.#cursor.run)',
    steps,
  ),
  without(
    'S8',
    'steps/progress.ts',
    'timestamp, this.#cursor.run, this.#cursor.visit)',
    'timestamp, this.#cursor.visit)',
    steps,
  ),
  without('S9', 'steps/job-run.ts', ' && !isNamed(error, UnrecoverableError);', ';', steps),
  without('S9', 'steps/progress.ts', 'attemptBase: this.activation.job.attemptsMade,', '', steps),
  without(
    'S10',
    'steps/job-run.ts',
    'Math.min(firstPutBack * 2 ** times, longestPutBack)',
    'firstPutBack * 2 ** times',
    steps,
  ),
  without('S10', 'steps/plan.ts', '[name, ...formerNames(options)]', '[name]', steps),
  without(
    'S10',
    'steps/progress.ts',
    'if (known && this.#cursor.unknown) this.change({ unknown: undefined });',
    '',
    guards,
  ),

  // --- gates ---
  without(
    'G1',
    'steps/gate.ts',
    'if (this.#record && this.#record.added === undefined)',
    'if (this.#record?.due)',
    gates,
  ),
  without('G2', 'steps/gate.ts', 'dueOfValues && values.length > 0 ?', 'dueOfValues ?', gates),
  without('G2', 'steps/collect.ts', ', toArray());', ', map((each) => [each]));', gates),
  without('G2', 'steps/gate.ts', 'writer.whenSaved(() => {', '((save) => save())(() => {', gates),
  without(
    'G3',
    'steps/step-run.ts',
    'if (this.gates.open.canPark()) this.#park();',
    'if (!this.progress.writer.dirty && this.gates.open.canPark()) this.#park();',
    gates,
  ),
  without(
    'G3',
    'steps/step-run.ts',
    "    this.stop('parked');\n    this.#ends.parked(type);",
    '    this.#ends.parked(type);',
    gates,
  ),
  without(
    'G3',
    'steps/step-run.ts',
    'if (this.over || this.#parking) return false;',
    'if (this.over) return false;',
    guards,
  ),
  without('G4', 'steps/open-gates.ts', ' && this.holding().length === 0', '', gates),
  without(
    'G4',
    'steps/open-gates.ts',
    '(gate) => !gate.waits && !waiting.some(',
    '(gate) => !gate.waits || waiting.every(',
    gates,
  ),
  without('G4', 'steps/open-gates.ts', 'isSeenAbove(gate, other, open, top) ??', 'undefined ??', pipelines),
  without(
    'G4',
    'steps/gate.ts',
    '    flight.parkTimer ??= clock.after(parkAfter, () => this.#step.parkAnyhow(this.name));\n',
    '',
    gates,
  ),
  without('G5', 'steps/progress.ts', '.every((kind, place) => kind === kinds[place]);', '.every(() => true);', gates),
  without('G5', 'steps/gates.ts', 'if (this.#gates.length >= mostGates)', 'if (this.#gates.length > mostGates)', gates),
  without('G5', 'steps/gates.ts', 'if (this.#keys.has(key)) {', 'if (false) {', gates),
  without('G6', 'steps/gate.ts', 'const isFirst = this.#flight === undefined;', 'const isFirst = true;', gates),
  without(
    'G6',
    'steps/gates.ts',
    'if (++this.#answers <= mostAnswersPerTurn) return;',
    'if (++this.#answers > 0) return;',
    gates,
  ),
  without('G6', 'steps/gate.ts', 'if (flight.subscribers.size === 0) this.#close(flight);', '', gates),
  without('G7', 'steps/items.ts', 'if (saved !== undefined) {', 'if (saved === "") {', items),
  without('G7', 'steps/items.ts', 'gate.unsaved.has(index)', 'gate.unsaved.size < 0', items),
  without(
    'G7',
    'steps/items.ts',
    ', spec.concurrency), inOrder());',
    ', spec.concurrency), map(({ result }) => result));',
    items,
  ),
  without('G8', 'job/duration.ts', ' && value >= 0 && Number.isFinite(value)) return value;', ') return value;', gates),
  without(
    'G8',
    'job/duration.ts',
    "    if (Number.isNaN(due)) throw new InvalidDurationError('the Date is invalid');\n",
    '',
    gates,
  ),
  without('G8', 'job/duration.ts', 'text.length > 0 && text', 'text', gates),
  without(
    'G9',
    'steps/gate.ts',
    'if (this.#record && this.#record.added === undefined)',
    'if (this.#record?.due)',
    'spec/steps/choices.spec.ts',
  ),

  // --- children ---
  without(
    'C1',
    'engine/memory/memory-engine.ts',
    'if (!(job.children ?? noChildren).settled(waiting)) {',
    'if (false) {',
    children,
    gates,
    contract,
  ),
  without(
    'C1',
    'engine/memory/memory-engine.ts',
    "if ((job.children?.failed ?? 0) > failuresSeen) return 'failed-children';",
    '',
    children,
    gates,
  ),
  without('C2', 'steps/children.ts', 'opts: { jobId: childId(group, index), ...opts },', 'opts,', children),
  without('C2', 'steps/gate.ts', 'children ?? [], this.#record?.added ?? 0);', 'children ?? [], 0);', children),
  without(
    'C3',
    'engine/memory/memory-engine.ts',
    'if ((job.children ?? noChildren).settled(waiting)) return false;',
    '',
    children,
    contract,
  ),
  without('C4', 'engine/memory/children.ts', ' || group.broken > 0', '', children, contract),
  without(
    'C4',
    'engine/memory/job-administration.ts',
    '  parentOf(store, job)?.children?.reopen(job.queue, job.id);\n',
    '',
    children,
  ),
  without(
    'C4',
    'steps/children.ts',
    "if (typeof child === 'string') throw new ChildFailedError(removed(child));",
    '',
    children,
  ),
  without(
    'C5',
    'engine/memory/children.ts',
    'const group = this.#groups.get(name);',
    'const group = this.#all;',
    children,
    contract,
  ),
  without(
    'C5',
    'steps/gate.ts',
    "hashOf(this.#step.progress.idempotencyKey, 'gate', this.#field)",
    "hashOf(this.#step.progress.idempotencyKey, 'gate')",
    children,
  ),

  // --- workers ---
  without(
    'W1',
    'engine/memory/writing.ts',
    'if (job?.lock?.token !== lease.token || job.lock.until <= store.clock.now())',
    'if (!job)',
    worker,
    contract,
  ),
  without('W1', 'engine/memory/writing.ts', 'if (content.seq !== job.seq + 1) {', 'if (false) {', contract),
  without(
    'W1',
    'engine/memory/writing.ts',
    'if (last?.token === lease.token && last.seq === content.seq)',
    'if (false)',
    contract,
  ),
  without(
    'W1',
    'worker/live-activation.ts',
    'return !this.#ended && steadyTime(this.clock) < this.#trustedUntil;',
    'return !this.#ended;',
    worker,
  ),
  without('W1', 'steps/items.ts', '      if (!step.mayAnswer()) return;\n', '', guards),
  without('W1', 'steps/step-run.ts', 'if (this.progress.activation.trusted()) return true;', 'return true;', worker),
  without('W2', 'worker/lease-keeper.ts', "if (!activation.leaving) activation.stop('lost');", '', worker),
  without('W2', 'steps/step-run.ts', '    if (!this.#finished) this.#controller.abort();\n', '', worker),
  without('W2', 'worker/lease-keeper.ts', '      this.#stopDistrusted();\n      if (', '      if (', worker),
  without(
    'W3',
    'engine/memory/memory-engine.ts',
    'if (job.stalledCounter - job.stallBase <= maxStalledCount) {',
    'if (true) {',
    worker,
    contract,
  ),
  without('W3', 'engine/memory/writing.ts', '  job.stallBase = job.stalledCounter;\n', '', worker, contract),
  without(
    'W4',
    'worker/claim-loop.ts',
    '    for (const activation of this.#active) activation.draining = true;\n',
    '',
    worker,
  ),
  without(
    'W4',
    'engine/memory/memory-engine.ts',
    "        save(store, job, write);\n        queue.toReady(job, 'head', 'active');",
    "        save(store, job, write);\n        queue.toReady(job, 'tail', 'active');",
    worker,
    contract,
  ),
  without('W4', 'worker/claim-loop.ts', 'this.#engine.clock.after(grace, stop)', 'undefined', worker),
  without('W4', 'nestjs/workers.module.ts', 'module.distance = -1', 'module.distance = 2', 'spec/nestjs/life.spec.ts'),
  without(
    'W4',
    'steps/job-run.ts',
    'if (this.#stopped) this.#dispose();',
    'if (this.#ended) {}',
    'spec/per-job.spec.ts',
  ),
  without(
    'W5',
    'engine/memory/job-administration.ts',
    '  for (const child of childrenOf(store, job)) if (!isFinished(child)) cancel(store, child, reason);\n',
    '',
    contract,
  ),
  without(
    'W5',
    'engine/memory/job-administration.ts',
    'if (!job || isFinished(job)) return false;\n      cancel(',
    'if (!job) return false;\n      cancel(',
    admin,
  ),
  without('W6', 'steps/job-run.ts', '    if (this.#entering) return;\n', '', worker, routing),
  without('W6', 'worker/claim-loop.ts', 'if (this.#turn.spent()) {', 'if (false) {', worker),
  without(
    'W7',
    'worker/claim-loop.ts',
    'const limit = this.#room();',
    'const limit = Math.min(this.#room(), 1);',
    worker,
  ),
  without(
    'W7',
    'worker/claim-loop.ts',
    'return this.#concurrency - this.#active.size + this.#leaving - this.#claiming;',
    'return this.#concurrency - this.#claiming;',
    worker,
  ),

  // --- administration ---
  without(
    'A1',
    'steps/gate.ts',
    'if (!this.#isResumed || record.due > this.#step.progress.wokenFor) {',
    'if (true) {',
    admin,
  ),
  without(
    'A1',
    'steps/gate.ts',
    'if (!this.#isResumed || record.due > this.#step.progress.wokenFor) {',
    'if (record.due > this.#step.progress.wokenFor) {',
    admin,
  ),
  without('A1', 'steps/gate.ts', 'this.#record = { ...record, due: this.#step.clock.now() };', '', admin),
  without('A2', 'engine/memory/ending.ts', '  job.seq = 0;\n', '', admin, contract),
  without('A2', 'steps/cursor.ts', 'run: (stored?.run ?? 0) + 1,', 'run: 1,', admin),
  without(
    'A3',
    'steps/job-run.ts',
    '    if (!again) this.#progress.change({ attemptBase: job.attemptsMade + 1 });\n',
    '',
    admin,
  ),
  without(
    'A3',
    'engine/memory/job-administration.ts',
    '  job.failedCode = undefined;\n  job.stallBase = job.stalledCounter;\n',
    '  job.failedCode = undefined;\n',
    admin,
    contract,
  ),
  without('A3', 'steps/progress.ts', 'base > attemptsMade ? 0 : base', 'base', admin),
  without(
    'A3',
    'steps/progress.ts',
    'checkpoint?.attemptBase ?? this.#cursor.attemptBase',
    'this.#cursor.attemptBase',
    admin,
  ),
  without(
    'A3',
    'engine/memory/ending.ts',
    '  if (job.seq > 0) job.failed = { seq: job.seq, attemptsMade: job.attemptsMade };\n',
    '',
    admin,
  ),
  without(
    'A4',
    'engine/memory/job-administration.ts',
    '        job.data = data;\n',
    '        job.fields.clear();\n        job.data = data;\n',
    admin,
    contract,
  ),

  // --- limits ---
  without('L1', 'steps/writer.ts', 'if (bytes > largestCheckpoint) {', 'if (false) {', limits),
  without(
    'L2',
    'job/payloads.ts',
    'if (bytes <= largestPayload) return payload;',
    'if (bytes >= 0) return payload;',
    limits,
  ),
  without('L2', 'steps/collect.ts', 'if (bytes <= mostBytes)', 'if (bytes > 0)', limits),
  without('L3', 'steps/step-run.ts', '&& bytes <= largestWatchedEmission;', ';', limits),
];
