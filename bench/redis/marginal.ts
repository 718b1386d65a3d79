import type { Figures, Load } from './workload.js';

type Cost = Required<Pick<Figures, 'client' | 'redis'>>;

/**
 * What one more step costs: jobs of many steps, less as many jobs of one, so that taking and finishing a job, which few
 * steps share in one row and many in another, is in none.
 */
export async function marginal({ steps }: Load, runJobs: (steps: number) => Promise<Cost>): Promise<Figures> {
  const one = await runJobs(1);
  const many = await runJobs(steps);
  return { client: (many.client - one.client) / (steps - 1), redis: (many.redis - one.redis) / (steps - 1) };
}
