// Takes a directory and holds it until it is killed. Told by a line on standard output.
import { Lease } from '../../src/owner/Lease.ts';

try {
  const lease = await Lease.take(process.argv[2]!, { purpose: 'holder' });
  console.log(`held by ${lease.owner.pid}`);
  setInterval(() => undefined, 1_000);
} catch (error) {
  console.log((error as { code?: string }).code);
}
