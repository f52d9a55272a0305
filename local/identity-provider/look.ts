import { createHash } from 'node:crypto';
import { style } from '../../functions/approvals/pages/views/style.ts';

/** The look of the approval pages, and what only these pages have: people to pick from and a code to type. */
export const look = `${style}
.people{display:grid;gap:.7rem;margin-top:1.4rem}
.person{display:flex;align-items:center;gap:.9rem;width:100%;min-height:4.2rem;text-align:left;background:var(--card);color:inherit;border:1px solid var(--line);border-radius:14px;padding:.6rem 1rem;font:inherit;cursor:pointer;box-shadow:var(--shadow)}
.person:hover{border-color:var(--accent)}
.person small{display:block;color:var(--soft)}
.avatar{flex:none;display:grid;place-items:center;width:2.6rem;height:2.6rem;border-radius:50%;background:var(--tint);color:var(--accent);font-weight:650}
.code{font-size:1.6rem;font-weight:650;letter-spacing:.06em;margin-top:.8rem}
input.mono{display:block;width:100%;min-height:2.75rem;margin-top:.35rem;border-radius:10px;border:1px solid var(--soft);background:var(--card);color:inherit;font-size:1.06rem;padding:.4rem .75rem;text-transform:uppercase}`;

/** For `style-src`: exactly this text, and nothing else. */
export const lookSource = `'sha256-${createHash('sha256').update(look).digest('base64')}'`;
