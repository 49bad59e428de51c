import type { ComponentChildren, FunctionComponent } from 'preact';
import { count } from '../format.js';

export const Section: FunctionComponent<{ readonly title: string; readonly children: ComponentChildren }> = ({
  title,
  children,
}) => (
  <section>
    <h3>{title}</h3>
    {children}
  </section>
);

/** Names and values; those without a value are left out. */
export const Facts: FunctionComponent<{ readonly of: readonly (readonly [string, ComponentChildren])[] }> = ({
  of,
}) => (
  <dl class="kv">
    {of
      .filter(([, value]) => value !== null)
      .map(([name, value]) => (
        <div class="fact" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

export const None: FunctionComponent<{ readonly children: ComponentChildren }> = ({ children }) => (
  <span class="faint">{children}</span>
);

/** Lines of a list that there are: they are made anew ten times a second. */
export const LISTED = 50;

/** Behind a list of which so many are left out. */
export const More: FunctionComponent<{ readonly of: number }> = ({ of }) =>
  of > 0 ? <None>and {count(of)} more</None> : null;
