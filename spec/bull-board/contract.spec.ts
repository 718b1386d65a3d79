import { readFileSync } from 'node:fs';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import { Queue as TheirQueue } from 'bullmq';
import { ConfigurationError, Queue } from 'stepstream';
import { StepstreamAdapter } from 'stepstream/bull-board';

const declared = readFileSync('node_modules/@bull-board/api/dist/queueAdapters/base.d.ts', 'utf8');
const abstractMembers = [...declared.matchAll(/^ {4}abstract (?:get )?(\w+)\(/gm)].map(([, name]) => name!);

const membersOf = ({ prototype }: { prototype: object }): readonly string[] => Object.getOwnPropertyNames(prototype);

describe('StepstreamAdapter and the @bull-board/api that is installed', () => {
  it('has each abstract method of its base class', () => {
    expect(abstractMembers.length).toBeGreaterThanOrEqual(24);
    expect(abstractMembers.filter((name) => !membersOf(StepstreamAdapter).includes(name))).toEqual([]);
  });

  it("has all else that bull-board's own adapter for BullMQ makes of the base class, or adds to it", () => {
    const ofRedisAlone = ['getClient', 'resolveRedisClient', 'getQueueKey', 'getQueuePrefix'];
    const ofBullMQAlone = ['hasPausedState', 'getSchedulerRuns', 'findLastRunId', 'schedulerRunId'];
    const missing = membersOf(BullMQAdapter).filter((name) => !membersOf(StepstreamAdapter).includes(name));
    expect(missing.toSorted()).toEqual([...ofRedisAlone, ...ofBullMQAlone].toSorted());
  });

  it('is of the major that was tried', () => {
    const { version } = JSON.parse(readFileSync('node_modules/@bull-board/api/package.json', 'utf8'));
    const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(version).toMatch(/^9\./);
    expect(peerDependencies['@bull-board/api']).toMatch(/^\^9\./);
    expect(new StepstreamAdapter(new Queue('any'))).toBeInstanceOf(BaseAdapter);
  });

  it("refuses BullMQ's queues, and says what is there for them", () => {
    const theirs = Object.create(TheirQueue.prototype);
    expect(() => new StepstreamAdapter(theirs)).toThrow(ConfigurationError);
    expect(() => new StepstreamAdapter(theirs)).toThrow('BullMQAdapter of @bull-board/api');
  });
});
