import { readLocalUsers } from './identity-provider/users.ts';
import type { LocalState } from './local-state.ts';
import type { Verdict } from './scenarios/run-scenario.ts';
import type { Screen } from './screen.ts';
import type { LedgerReport } from './verify-ledger.ts';

/** One screen: how it ended, and by which facts that was judged. */
export function printSummary(screen: Screen, verdict: Verdict, ledger: LedgerReport): void {
  const passed = verdict.passed && ledger.verified;
  const seconds = (verdict.durationMs / 1_000).toFixed(1);
  screen.heading('Summary');
  screen.line(`  scenario   ${verdict.scenario}`);
  screen.line(`  incident   ${verdict.incidentId}: ${verdict.result}, ${seconds} s after the alarm`);
  screen.line(`  ledger     ${ledger.words}`);
  screen.line('  read back');
  for (const { what, expected, found, ok } of verdict.checks) {
    const mark = ok ? screen.style('green', '✓') : screen.style('red', '✗');
    screen.line(`    ${mark} ${what}: ${found}${ok ? '' : `, expected ${expected}`}`);
  }
  const verdictWords = passed ? 'The scenario ended as it should.' : 'The scenario did NOT end as it should.';
  screen.line(`\n${screen.style(passed ? 'green' : 'red', verdictWords)}`);
}

/** Where to look while the stack stays up. */
export function printLinks(screen: Screen, state: LocalState, incidentId: string): void {
  screen.heading('Still running');
  screen.line(`  approvals   ${state.frontDoorUrl}/`);
  if (state.frontDoorUrl.startsWith('https:'))
    screen.line("                with this run's own certificate: your browser will warn");
  screen.line('  sign in as  (you pick one there; this is local, nobody asks for proof)');
  for (const { id, role } of readLocalUsers()) screen.line(`                ${id.padEnd(6)} ${role}`);
  screen.line(`  incident    ${state.frontDoorUrl}/incidents/${incidentId}`);
  screen.line(`  timeline    npx interlock incident show ${incidentId}`);
  screen.line('  ledger      npx interlock audit verify');
  screen.line('  decide      npx interlock --as ana approvals list');
  screen.line('  brakes      npx interlock kill-switch on --reason "trying it out"');
  screen.line(`\n${screen.style('dim', 'Ctrl-C stops everything that was started.')}`);
}
