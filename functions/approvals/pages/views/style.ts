import { createHash } from 'node:crypto';

/**
 * The whole look, inlined so that a phone needs one request. The page's content security policy allows exactly
 * this text by its hash, and nothing else.
 */
export const style = `
:root{color-scheme:light dark;--bg:#f6f5f1;--card:#fff;--ink:#1b2126;--soft:#565f67;--line:#dcdad2;--accent:#0a6353;--on-accent:#fff;--tint:#e4efeb;--bad:#9c2b22;--on-bad:#fff;--bad-tint:#f8e9e6;--warn:#7a4b00;--warn-tint:#fbf0d9;--focus:#1a5fd0;--shadow:0 1px 2px rgb(30 30 20/.05),0 6px 24px rgb(30 30 20/.05);--rise:0 -6px 18px rgb(30 30 20/.12)}
@media (prefers-color-scheme:dark){:root{--bg:#111417;--card:#191e22;--ink:#e9ecee;--soft:#a5afb7;--line:#30383e;--accent:#6fd6bd;--on-accent:#06251e;--tint:#152d28;--bad:#ff9d90;--on-bad:#3a0a05;--bad-tint:#331b18;--warn:#f1c573;--warn-tint:#30260f;--focus:#8ab8ff;--shadow:none;--rise:0 -6px 18px rgb(0 0 0/.5)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:6px}
h1,h2,h3,p,dl,dd,ul,ol,blockquote,pre,fieldset,form{margin:0;padding:0}
h1{font-size:clamp(1.45rem,1.1rem + 1.6vw,2.1rem);line-height:1.2;letter-spacing:-.015em;font-weight:650;text-wrap:balance}
h2{font-size:1rem;font-weight:650;margin-bottom:.6rem}
small,.small{font-size:.875rem}
.soft{color:var(--soft)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.94em}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:2}
.wrap{max-width:66rem;margin:0 auto;padding:0 1.1rem}
header.top{background:var(--card);border-bottom:1px solid var(--line)}
header.top .wrap{display:flex;align-items:center;gap:1rem;padding-top:.2rem;padding-bottom:.2rem}
.brand{display:flex;align-items:center;gap:.55rem;font-weight:650;color:inherit;text-decoration:none;min-height:2.75rem}
.brand svg{width:1.5rem;height:1.5rem;color:var(--accent)}
.brand span{color:var(--soft);font-weight:400}
.who{margin-left:auto;display:flex;align-items:center;gap:.4rem;font-size:.9rem;min-width:0}.who span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.brand,.who .link{flex:none}
.link{margin-right:-.5rem;appearance:none;background:none;border:0;color:var(--accent);font:inherit;text-decoration:underline;text-underline-offset:.2em;min-height:2.75rem;padding:0 .5rem;cursor:pointer}
.switch{font-size:.875rem;border-bottom:1px solid var(--line);color:var(--soft)}
.switch .wrap{padding-top:.15rem;padding-bottom:.15rem;display:flex;flex-wrap:wrap;gap:0 .55rem;align-items:center;min-height:2.2rem}
.switch .wrap>span+span{flex:1}
.stop summary{padding:.3rem 0;color:var(--bad);text-decoration:underline;text-underline-offset:.2em}.stop[open]{flex-basis:100%;padding-bottom:.8rem}.stop[open] summary{text-align:right}
.stop form,.release{max-width:32rem;margin-top:.3rem;color:var(--ink);font-size:1rem}
.dot{flex:none;width:.6rem;height:.6rem;border-radius:50%;background:var(--accent);}
.switch.on{background:var(--bad-tint);color:var(--ink);border-color:var(--bad)}
.switch.on .dot{background:var(--bad);border-radius:2px}
main{padding:.7rem 0 3rem;display:block}
.narrow{max-width:32rem;margin:0 auto;padding-top:1.5rem}
.lead{color:var(--soft);margin-top:.4rem;line-height:1.45}
.lead q{color:var(--ink)}
.crumb{font-size:.9rem}.crumb a{display:inline-block;padding:.4rem 0}
.tags{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem;margin:.1rem 0 .5rem;padding:0;list-style:none;font-size:.875rem}
.tag{display:inline-block;border:1px solid var(--line);background:var(--card);border-radius:99px;padding:.05rem .5rem;color:var(--soft)}
.tag.go{background:var(--tint);color:var(--accent);border-color:transparent;font-weight:600}
.tag.no{background:var(--bad-tint);color:var(--bad);border-color:transparent;font-weight:600}
.tag.high{color:var(--bad);border-color:currentColor}.tag.wait{background:var(--warn-tint);color:var(--warn);border-color:transparent;font-weight:600}
.sheet{display:grid;gap:.7rem;margin-top:.9rem;grid-template-columns:minmax(0,1fr)}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1rem 1.1rem;box-shadow:var(--shadow)}
.diff{display:grid;gap:.5rem;grid-template-columns:minmax(0,1fr)}
.side{border-radius:10px;padding:.4rem .8rem .5rem;border:1px solid var(--line)}
.side small{display:block;color:var(--soft)}
.side .mono{display:block;font-size:1.12rem;font-weight:600;white-space:pre-wrap}.long .mono{font-size:.9rem;font-weight:400}.long mark{font-weight:600}
mark{background:none;color:inherit;text-decoration:underline;text-decoration-thickness:.14em;text-underline-offset:.2em;text-decoration-color:var(--warn)}.after mark{text-decoration-color:var(--accent)}.whole{white-space:pre-wrap;font-weight:400}
.side.after{background:var(--tint);border-color:var(--accent)}
.diff.short{grid-template-columns:minmax(0,1fr) auto minmax(0,1fr);gap:.4rem}.diff.short .arrow{transform:none}
.arrow{justify-self:center;align-self:center;color:var(--soft);line-height:1;transform:rotate(90deg)}
.facts{display:grid;grid-template-columns:minmax(0,1fr);gap:.75rem}
.facts dt{color:var(--soft);font-size:.875rem}
.facts dd{font-weight:500}
.plain{padding-left:1.15rem}.plain li+li{margin-top:.3rem}.plain a{display:inline-block;padding:.2rem 0}
blockquote{border-left:3px solid var(--line);padding-left:.9rem;white-space:pre-wrap}
.untrusted{font-size:.875rem;color:var(--warn);margin-bottom:.5rem}
section+section{margin-top:1.4rem;padding-top:1.4rem;border-top:1px solid var(--line)}
.button{display:block;width:100%;min-height:3.4rem;border-radius:12px;border:1.5px solid transparent;font:inherit;font-weight:650;font-size:1.06rem;cursor:pointer;padding:.6rem 1rem;text-align:center}
.approve{background:var(--accent);color:var(--on-accent)}.approve:hover{filter:brightness(1.08)}
.refuse{background:var(--bad);color:var(--on-bad);margin-top:1rem}
details>summary{list-style:none;cursor:pointer}
details>summary::-webkit-details-marker{display:none}
details.reject{margin-top:.7rem}
summary.button{display:grid;place-items:center;border-color:var(--line);color:var(--bad);background:none}
details[open]>summary.button{display:grid;place-items:center;min-height:2.75rem;border-color:transparent}
fieldset{border:0;min-width:0}legend{padding:0;font-weight:600;margin-bottom:.3rem}
.choice{display:flex;align-items:center;gap:.7rem;min-height:2.75rem;cursor:pointer}
.choice input{width:1.5rem;height:1.5rem;accent-color:var(--bad);margin:0;flex:none}
.field{display:block;margin-top:.7rem;font-weight:600}
textarea,input[type=text]{display:block;width:100%;margin-top:.35rem;border-radius:10px;border:1px solid var(--soft);background:var(--bg);color:inherit;font:inherit;padding:.6rem .75rem;resize:vertical}textarea{min-height:5.5rem}
.voted{margin-top:1.3rem;padding-top:1.1rem;border-top:1px solid var(--line)}.voted h2{margin-bottom:0}.voted .votes{margin-top:.8rem}
.hint{margin-top:.8rem;text-align:center}
.votes{list-style:none;padding:0;display:grid;gap:.6rem}
.votes li{border-left:3px solid var(--accent);padding-left:.75rem}.votes li.no{border-color:var(--bad)}
.votes p{white-space:pre-wrap}.votes small{display:block}
.notice{border-radius:12px;padding:.8rem 1rem;margin-top:1.1rem;background:var(--tint)}
.notice.warn{background:var(--warn-tint)}.notice.bad{background:var(--bad-tint)}
.notice strong{display:block}.notice+.tags{margin-top:.7rem}
.clock{margin-bottom:.7rem;line-height:1.4}
.clock strong{font-size:1.12rem;margin-right:.3rem}
.tabs{display:flex;flex-wrap:wrap;gap:.4rem;margin:1rem 0 1.1rem}
.tabs a{display:flex;align-items:center;gap:.4rem;min-height:2.75rem;padding:0 .9rem;border:1px solid var(--line);border-radius:99px;background:var(--card);text-decoration:none;color:inherit}
.tabs a[aria-current]{background:var(--accent);color:var(--on-accent);border-color:transparent;font-weight:650}
.count{font-variant-numeric:tabular-nums;font-size:.875rem}
time{font-variant-numeric:tabular-nums}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.batch{display:grid;gap:.9rem;margin-top:.9rem;align-items:start}
.item{display:flex;gap:.9rem;padding:.7rem 0}.item+.item{border-top:1px solid var(--line)}
.item input{width:1.5rem;height:1.5rem;margin:.1rem 0 0;flex:none;accent-color:var(--accent)}.item a{display:inline-block;padding:.2rem 0}
.checks{list-style:none;padding:0;display:grid;gap:.7rem}.checks small{display:block}
.checks strong{display:inline-block;border-radius:99px;padding:0 .55rem;font-size:.875rem;margin-right:.3rem;background:var(--warn-tint);color:var(--warn)}
.checks .pass strong{background:var(--tint);color:var(--accent)}.checks .fail strong{background:var(--bad-tint);color:var(--bad)}
.command{background:var(--bg);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem;margin:.6rem 0;white-space:pre-wrap}
h3{font-size:.875rem;font-weight:400;color:var(--soft);margin:1rem 0 .3rem}
.asked{margin-top:.6rem}.outcome h2{font-size:1.3rem;margin-bottom:.2rem}
.rows{list-style:none;padding:0;display:grid;gap:.7rem;margin:.8rem 0 2.2rem}
.row{display:block;color:inherit;text-decoration:none;padding:1rem 1.15rem}
.row:hover{border-color:var(--accent)}
.row strong{display:block;font-size:1.06rem;line-height:1.35;margin-bottom:.35rem}
.row .tags{margin:.6rem 0 0}
.empty{border:1px dashed var(--line);border-radius:14px;padding:1.4rem;color:var(--soft);margin:.8rem 0 2.2rem}
.line{list-style:none;padding:0 0 0 1.3rem;margin:1.2rem 0 0;border-left:2px solid var(--line)}
.line>li{position:relative;padding:0 0 1.25rem}
.line>li::before{content:"";position:absolute;left:-1.3rem;top:.45rem;width:.65rem;height:.65rem;margin-left:calc(-.325rem - 1px);border-radius:50%;background:var(--card);border:2px solid var(--accent)}
.line dl{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.875rem;color:var(--soft);margin-top:.15rem}
.line dl div{display:inline}.line dt,.line dd{display:inline}.line dt::after{content:": "}.line dd{color:var(--ink)}
.soft-top,.stack{margin-top:1rem}.target{margin-top:.7rem}.gap{margin-top:.8rem}h2.list{margin:1.6rem 0 0;font-size:1.06rem}
footer{color:var(--soft);font-size:.875rem;border-top:1px solid var(--line);padding:1rem 0 2rem}
@media (max-width:33.99rem){html{scroll-padding-bottom:9rem}.change h2{position:absolute;clip-path:inset(50%)}.tags{font-size:.8125rem;gap:.2rem}.tags .tag{padding:.05rem .35rem}.crumb a{padding:.15rem 0}
.sheet,.decide,.batch{display:contents}.change,.batch fieldset{margin-top:.9rem}.act,.said,.sheet>.more{background:var(--card);border:1px solid var(--line);margin-top:.7rem;border-radius:14px;padding:1rem 1.1rem}
.act.live,.answers{position:sticky;bottom:0;margin:.7rem -1.1rem 0;border-radius:0;border-width:1px 0;padding:.5rem 1.1rem .7rem;box-shadow:var(--rise);max-height:90dvh;overflow-y:auto;z-index:1}
.act .clock{margin-bottom:.4rem}.live:not(:has([open])) .buttons,.answers:not(:has([open])){display:grid;grid-template-columns:3fr 2fr;gap:.6rem}.live:not(:has([open])) .one{grid-template-columns:1fr}:not(:has([open]))>.reject{margin:0}.act .button,.answers .button{padding:.6rem .4rem}.said .hint{margin-top:0}.said>.voted:first-child{margin:0;padding:0;border:0}}
@media (min-width:34rem){.diff{grid-template-columns:minmax(0,1fr) auto minmax(0,1fr)}.arrow{transform:none}.facts{grid-template-columns:repeat(2,minmax(0,1fr))}.card{padding:1.35rem 1.5rem}}
@media (min-width:60rem){.sheet{grid-template-columns:minmax(0,1fr) 21rem;grid-template-areas:"change decide" "more decide";align-items:start;grid-template-rows:auto 1fr;gap:1.3rem}.change{grid-area:change}.decide{grid-area:decide;position:sticky;top:1.2rem}.more{grid-area:more}main{padding-top:1.2rem}.batch{grid-template-columns:minmax(0,1fr) 21rem}.answers{position:sticky;top:1.2rem}.sheet{margin-top:1.8rem}}
@media (prefers-reduced-motion:no-preference){.button,.row{transition:border-color .15s,filter .15s}}
@media (forced-colors:active){.dot{forced-color-adjust:none}}
`.trim();

/** For `style-src`. */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
