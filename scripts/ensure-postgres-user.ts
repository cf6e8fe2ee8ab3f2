// PostgreSQL refuses to run as root. The tests that start one as root need its user, and several of them at once must not
// make it at the same moment: it is made before them.
import { spawnSync } from 'node:child_process';

export function ensurePostgresUser(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  if (spawnSync('id', ['-u', 'postgres'], { stdio: 'ignore' }).status === 0) return;
  spawnSync('groupadd', ['postgres'], { stdio: 'ignore' });
  spawnSync('useradd', ['-g', 'postgres', 'postgres'], { stdio: 'ignore' });
}
