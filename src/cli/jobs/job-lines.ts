import type { JobCheckpoint, JobOptions } from '../../index.js';
import { columns } from '../terminal/columns.js';
import { printable, shortJson, shortened } from '../terminal/printable.js';
import type { Style } from '../terminal/terminal.js';
import { timeText } from '../terminal/time-text.js';
import type { JobReport } from './job-report.js';

const valueLength = 200;
const mostChildren = 20;
const mostStackLines = 12;

/** A job for a person to read. */
export function linesOf(report: JobReport, now: number, { bold, dim }: Style): readonly string[] {
  const { queue, id, checkpoint, children, logs, stacktrace } = report;
  const section = (title: string, lines: readonly string[], of = ''): readonly string[] =>
    lines.length > 0 ? ['', `${bold(title)}${dim(of)}`, ...lines] : [];
  const shownChildren = children.slice(0, mostChildren);
  return [
    bold(printable(`job ${id} of queue ${queue}`)),
    ...indented(overviewOf(report, now)),
    ...(checkpoint ? section('checkpoint', indented(checkpointRows(checkpoint))) : []),
    ...section('gates', indented((checkpoint?.gates ?? []).map((gate) => gateRow(gate, now)))),
    ...section(
      'outputs',
      indented(Object.entries(checkpoint?.outputs ?? {}).map(([step, output]) => [step, json(output)])),
    ),
    ...section(
      'children',
      indented(shownChildren.map((child) => [child.queue, child.id, child.status, child.failedReason ?? ''])),
      partOf(shownChildren.length, children.length),
    ),
    ...section('stack', stackLines(stacktrace?.at(-1) ?? '')),
    ...section(
      'log',
      logs.last.map((row) => `  ${shortened(row, valueLength)}`),
      partOf(logs.last.length, logs.count),
    ),
  ];
}

function overviewOf(report: JobReport, now: number): readonly (readonly string[])[] {
  const { name, state, due, attemptsMade, attemptsStarted, stalledCounter, opts, parent, checkpoint } = report;
  const time = (at: number | undefined): string => (at === undefined ? '' : timeText(at, now));
  const rows: readonly (readonly [string, string])[] = [
    ['name', name],
    ['state', due === undefined ? state : `${state}, due ${timeText(due, now)}`],
    ['attempts', `${attemptsMade} made, taken ${times(attemptsStarted)}, stalled ${times(stalledCounter)}`],
    ['priority', report.priority === undefined ? '' : String(report.priority)],
    ['added', time(report.timestamp)],
    ['taken', time(report.processedOn)],
    ['worker', report.processedBy ?? ''],
    ['finished', time(report.finishedOn)],
    ['parent', parent ? `job ${parent.id} of queue ${parent.queue}` : ''],
    ['options', optionText(opts)],
    ['data', json(report.data)],
    ['progress', checkpoint ? '' : json(report.progress)],
    ['result', json(report.returnvalue)],
    [
      'error',
      report.failedReason === undefined
        ? ''
        : `${report.failedReason}${report.failedCode ? ` [${report.failedCode}]` : ''}`,
    ],
  ];
  return rows.filter(([, text]) => text !== '');
}

function checkpointRows({ run, visit, step, saved }: JobCheckpoint): readonly (readonly string[])[] {
  const rows: readonly (readonly [string, string])[] = [
    ['step', step ?? 'the last one has finished'],
    ['visit', `${visit}${run > 1 ? ` of run ${run}` : ''}`],
    ['saved', json(saved)],
  ];
  return rows.filter(([, text]) => text !== '');
}

function gateRow({ kind, key, due, children, items }: JobCheckpoint['gates'][number], now: number): readonly string[] {
  const said = [
    due !== undefined && `${due > now ? 'passes' : 'due'} ${timeText(due, now)}`,
    children !== undefined && `${children} ${children === 1 ? 'child' : 'children'}`,
    items !== undefined && `${items} ${items === 1 ? 'item' : 'items'} done`,
  ];
  const name = [kind, key !== undefined && `'${key}'`].filter(Boolean).join(' ');
  return [name, said.filter(Boolean).join(', ') || 'passed'];
}

function optionText(opts: JobOptions): string {
  return Object.keys(opts).length > 0 ? json(opts) : '';
}

function stackLines(stack: string): readonly string[] {
  const lines = stack.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, mostStackLines).map((line) => `  ${shortened(line, valueLength)}`);
}

function indented(rows: readonly (readonly string[])[]): readonly string[] {
  return columns(rows.map(([first = '', ...rest]) => [`  ${printable(first)}`, ...rest.map(printable)]));
}

function json(value: unknown): string {
  return shortJson(value, valueLength);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function partOf(shown: number, all: number): string {
  return shown < all ? ` (${shown} of ${all})` : '';
}
