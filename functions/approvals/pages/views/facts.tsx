import type { Child } from 'hono/jsx';

/** One line of a list of facts: a name and what stands beside it. */
export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
