"""How the page of a screening looks: on a screen, light or dark, and on paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --ink: #1e293b; --soft: #64748b; --paper: #fbfaf8; --tile: #ffffff; --line: #e2e0da;
  --ours: #c2410c; --wash: #f4ece4; --kept: #0f766e; --warn: #92400e; --warned: #fdf0d5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e8f0; --soft: #94a3b8; --paper: #14181f; --tile: #1c222b;
  --line: #2f3742; --ours: #fb923c; --wash: #2a2520; --kept: #2dd4bf; --warn: #fcd34d; --warned: #3a2f16 } }
@media print { :root { --paper: #ffffff; --ink: #000000; --tile: #ffffff; --soft: #444444; --line: #cccccc;
  --ours: #c2410c; --kept: #0f766e; --wash: #f4ece4; --warn: #92400e; --warned: #fdf0d5; color-scheme: light } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1180px; margin: 0 auto; padding: 2.2rem 1.2rem 4rem; -webkit-print-color-adjust: exact;
  print-color-adjust: exact }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .8rem; font-weight: 650; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 3rem 0 .3rem; font-weight: 650 } h3 { font-size: 1rem; margin: 1.6rem 0 .4rem }
p { margin: .2rem 0 1rem; max-width: 46rem } .soft { color: var(--soft) }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 1rem 0 0; font-size: .9rem }
a { color: var(--kept); text-underline-offset: .2em }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; margin: 0; font-size: .9rem }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(205px, 1fr)); gap: 1rem; margin-top: 1rem }
.pairs { grid-template-columns: repeat(auto-fill, minmax(345px, 1fr)) }
.card { background: var(--tile); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; margin: 0;
  break-inside: avoid; display: flex; flex-direction: column }
.picture { display: block; width: 100%; aspect-ratio: 22 / 16; background: #ffffff; color: #000000 }
.text { aspect-ratio: 22 / 16; display: grid; place-items: center; padding: 1rem;
  font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; overflow: hidden; background: var(--wash) }
figcaption { padding: .6rem .8rem .8rem; font-size: .85rem; border-top: 1px solid var(--line) }
figcaption strong { display: block; font-size: .95rem; overflow-wrap: anywhere }
figcaption .why { color: var(--kept); margin: 0 0 .3rem }
figcaption dl { display: grid; grid-template-columns: 1fr max-content; gap: 0 .8rem; margin: 0 }
figcaption dt { overflow-wrap: anywhere } figcaption dd { text-align: right; max-width: 9rem }
.flag { display: inline-block; background: var(--warned); color: var(--warn); border-radius: 5px; padding: 0 .4rem;
  margin: .3rem .3rem 0 0; font-size: .78rem; overflow-wrap: anywhere }
.pair { display: grid; grid-template-columns: 1fr 1fr } .pair > * + * { border-left: 1px solid var(--line) }
.pair-said { display: grid; grid-template-columns: 1fr max-content; gap: 0 .8rem }
.meter { grid-column: 1 / -1; height: 4px; border-radius: 2px; background: var(--wash); margin-top: .4rem }
.meter > * { display: block; height: 100%; border-radius: 2px; background: var(--ours) }
.funnel { margin: 1rem 0; padding: 0; list-style: none }
.funnel > li { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1.2rem; padding: .5rem 0;
  border-bottom: 1px solid var(--line); break-inside: avoid }
.funnel .name { overflow-wrap: anywhere } .bar { display: flex; align-items: center; gap: .7rem; min-height: 1.5rem }
.bar > span:first-child { height: 1.1rem; border-radius: 4px; background: var(--kept); min-width: 2px; opacity: .85 }
.bar > span:last-child { white-space: nowrap; font-variant-numeric: tabular-nums }
.reasons { grid-column: 2; margin: .3rem 0 0; padding: 0; list-style: none; font-size: .85rem; color: var(--soft);
  columns: 2; column-gap: 2rem }
.reasons li { display: flex; gap: .6rem; break-inside: avoid } .reasons span:last-child { overflow-wrap: anywhere }
.reasons span:first-child { min-width: 4.5rem; text-align: right; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto } table { border-collapse: collapse; margin: .6rem 0; font-size: .88rem; width: 100% }
td, th { padding: .35rem 1rem .35rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 550; color: var(--soft); white-space: nowrap } td { font-variant-numeric: tabular-nums }
td:first-child { overflow-wrap: anywhere }
.plots { display: flex; flex-wrap: wrap; gap: .8rem; margin: .8rem 0 }
.plots figure { background: var(--tile); border: 1px solid var(--line); border-radius: 10px; padding: .5rem; margin: 0;
  break-inside: avoid } .plots svg { max-width: 100%; height: auto; display: block }
.plots p { margin: 0 .6rem .2rem; font-size: .82rem; color: var(--soft) }
.plate { width: 100%; display: block } .plate text { font-size: 7px; fill: var(--soft) }
.plate .compound { fill: var(--kept) } .plate .control { fill: none; stroke: var(--ours); stroke-width: 1.6 }
.plate .empty { fill: none; stroke: var(--line) }
.key { display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin: 0 .3em 0 .9em }
.key.compound { background: var(--kept) } .key.control { border: 2px solid var(--ours) }
.key.empty { border: 1px solid var(--soft) }
@media (max-width: 640px) { .funnel > li { grid-template-columns: 1fr } .reasons { grid-column: 1; columns: 1 }
  .pairs { grid-template-columns: 1fr } }
@media print { body { max-width: none; padding: 0; font-size: 11px } nav { display: none }
  .grid { grid-template-columns: repeat(4, 1fr); gap: .5rem } .pairs { grid-template-columns: repeat(3, 1fr) }
  h2 { break-after: avoid } }
"""
