import { systemClock, type Engine } from '../../index.js';
import { finding, ok, type Check } from './check.js';

/** More than that is between other clocks than Redis' and this one. */
const largestDifference = 1_000;

/** Each saved emission waits that long: more is far away. */
const longestLatency = 20;

/** How Redis is set up. @throws what the engine throws when it can't be asked */
export async function serverChecks(engine: Engine): Promise<readonly Check[]> {
  await engine.ping(); // connects
  const asked = systemClock.now();
  const info = fieldsOf((await engine.info()) ?? '');
  const answered = systemClock.now();
  const { server = 'Redis' } = engine.status();
  return [
    latencyCheck(server, answered - asked),
    evictionCheck(info),
    ...memoryCheck(info),
    persistenceCheck(info),
    ...savingCheck(info),
    ...clockCheck(info, (asked + answered) / 2),
  ];
}

type Info = ReadonlyMap<string, string>;

function fieldsOf(info: string): Info {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function latencyCheck(server: string, latency: number): Check {
  const found = `${server} answers in ${latency.toFixed(1)} ms`;
  if (latency <= longestLatency) return ok('redis', found);
  return finding('warning', 'redis', {
    found,
    why: 'each saved emission of a step, and each job that is taken, waits for an answer',
    fix: 'run the workers near Redis; or look for slow commands by SLOWLOG GET',
  });
}

function evictionCheck(info: Info): Check {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok('redis-eviction', 'maxmemory-policy is noeviction');
  const hasLimit = Number(info.get('maxmemory')) > 0;
  return finding(hasLimit ? 'problem' : 'warning', 'redis-eviction', {
    found: `maxmemory-policy is ${policy}${hasLimit ? '' : ', though there is no maxmemory yet'}`,
    why: 'when its memory is full, Redis drops keys by it, jobs among them',
    fix: 'redis-cli CONFIG SET maxmemory-policy noeviction, and the same line in redis.conf',
  });
}

function memoryCheck(info: Info): readonly Check[] {
  const share = Number(info.get('used_memory')) / Number(info.get('maxmemory'));
  if (!Number.isFinite(share) || share < 0.9) return [];
  return [
    finding('warning', 'redis-memory', {
      found: `${Math.round(share * 100)} % of maxmemory are in use`,
      why: 'when it is full, no job can be added; those that run go on to their end',
      fix: 'raise maxmemory, or keep fewer finished jobs: removeOnComplete, or queue.clean()',
    }),
  ];
}

function persistenceCheck(info: Info): Check {
  if (info.get('aof_enabled') === '1') return ok('redis-persistence', 'appendonly is yes');
  return finding('warning', 'redis-persistence', {
    found: 'appendonly is no',
    why: 'a crash of Redis takes what came after its last snapshot: jobs are gone, or go on from where they stood then',
    fix: 'redis-cli CONFIG SET appendonly yes, and the same line in redis.conf',
  });
}

function savingCheck(info: Info): readonly Check[] {
  const failed = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].filter(
    (field) => info.get(field) === 'err',
  );
  if (failed.length === 0) return [];
  return [
    finding('problem', 'redis-saving', {
      found: `Redis could not save: ${failed.join(', ')}`,
      why: 'it takes no more writes, or loses them with its process',
      fix: 'free space on its disk, and read its log',
    }),
  ];
}

function clockCheck(info: Info, now: number): readonly Check[] {
  const ahead = Math.round(Number(info.get('server_time_usec')) / 1_000 - now);
  if (!Number.isFinite(ahead)) return []; // not told by all that call themselves Redis
  const found = `Redis' clock is ${Math.abs(ahead)} ms ${ahead < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(ahead) <= largestDifference) return [ok('redis-clock', found)];
  return [
    finding('warning', 'redis-clock', {
      found,
      why: "jobs are due by Redis' clock: a point in time that this machine gives comes so much too early or too late",
      fix: 'have both set by NTP: timedatectl set-ntp true',
    }),
  ];
}
