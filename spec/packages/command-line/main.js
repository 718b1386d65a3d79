import { spawnSync } from 'node:child_process';

const { REDIS_URL: _url, ...env } = process.env;

function npx(...args) {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'stepstream', ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

console.log('version:', npx('--version').stdout.trim());

const doctor = npx('doctor', '--json');
console.log('doctor exits with', doctor.status);
for (const { level, found } of JSON.parse(doctor.stdout).checks) {
  if (level !== 'ok') console.log(`${level}: ${found}`);
}

const jobs = npx('jobs', 'queues');
console.log('jobs exits with', jobs.status, '-', jobs.stderr.split('\n')[0]);
