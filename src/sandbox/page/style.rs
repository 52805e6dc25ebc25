//! The inline stylesheet and script. Both are named by their hashes in the Content-Security-Policy.

/// Light and dark, and one column on a phone.
pub(super) const STYLE: &str = r#"
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --text: #1c2026; --faint: #5c6570; --line: #d9dee4; --code: #eef1f4;
  --good: #1a7f37; --bad: #cf222e; --wait: #9a6700; --c0: #2f6fdb; --c1: #e2761b; --c2: #7a4fd0; --c3: #12857c; --c4: #b83280; --c5: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1318; --card: #181d24; --text: #e4e8ee; --faint: #98a2ae; --line: #2c343e; --code: #222932;
  --good: #3fb950; --bad: #ff7b72; --wait: #d9a62b; --c0: #5b9bff; --c1: #f39a4a; --c2: #a98bf0; --c3: #3cc4b6; --c4: #ee7dbb; --c5: #9aa4b2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.25rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .6rem; } h3 { font-size: .95rem; margin: 0 0 .35rem; }
h4 { margin: .5rem 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: .8rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; min-width: 0; overflow-wrap: anywhere; }
.card + .card { margin-top: .8rem; } .cards > .card + .card { margin-top: 0; }
.faint { color: var(--faint); font-size: .85rem; } .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.rule { margin: .7rem 0 .2rem; } .bar { display: block; width: 100%; height: 14px; border-radius: 4px; background: var(--code); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .25rem 0 0; padding: 0; list-style: none; font-size: .88rem; }
.key { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .4em; }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
.b0 { background: var(--c0); } .b1 { background: var(--c1); } .b2 { background: var(--c2); } .b3 { background: var(--c3); } .b4 { background: var(--c4); } .b5 { background: var(--c5); }
.s0, .s1, .s2, .s3, .s4, .s5, .se { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
.se { stroke: var(--bad); stroke-dasharray: 4 3; } .grid { stroke: var(--line); } .axis { fill: var(--faint); font-size: 11px; }
svg.chart { display: block; width: 100%; max-width: 32rem; height: auto; } rect { shape-rendering: crispEdges; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
th { color: var(--faint); font-weight: 500; } tr:last-child td { border-bottom: 0; }
code, pre { font: .86em/1.45 ui-monospace, monospace; background: var(--code); border-radius: 4px; } code { padding: .1em .3em; }
pre { padding: .6rem .8rem; overflow-x: auto; overflow-wrap: normal; } pre code { padding: 0; background: none; }
blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--line); color: var(--faint); }
.comment img { max-width: 100%; } .comment table { width: auto; } .comment td, .comment th { padding-right: 1rem; }
.comment > div { overflow-x: auto; } summary { cursor: pointer; } a { color: var(--c0); }
footer { color: var(--faint); font-size: .85rem; padding: 1.5rem 0; }
"#;

/// Fetches the page again every two seconds and puts what changed in place of what was there. What is folded out stays so.
pub(super) const SCRIPT: &str = r#"
const again = async () => {
  try {
    const text = await (await fetch(location.href, { headers: { accept: "text/html" } })).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!next) continue;
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      const was = part.cloneNode(true);
      was.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
      if (was.innerHTML === next.innerHTML) continue;
      part.innerHTML = next.innerHTML;
      part.querySelectorAll("details").forEach((one, place) => { one.open = open[place] || one.open; });
    }
    document.title = fresh.title;
  } catch { document.title = "gone: espalier sandbox"; }
  setTimeout(again, 2000);
};
setTimeout(again, 2000);
"#;
