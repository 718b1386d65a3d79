import { Site, type SiteOptions } from './site.js';

/**
 * A site of the spec's own. It ends with the spec, however that ends: a test or a hook that takes too long goes on in the
 * background, and would never come to what it does last. To be called at the top of a spec or a `describe`.
 */
export function useSite(options?: SiteOptions): () => Site {
  let site: Site | undefined;
  beforeAll(async () => {
    site = await Site.open(options);
  });
  afterAll(() => site?.close());
  return () => site!;
}
