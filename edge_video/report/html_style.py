"""Holds the style sheet of the report's page: light and dark, on a screen and on paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--dim:#5c6876;--line:#dfe3e8;
--s0:#1769c2;--s1:#c2571a;--good:#2e8b57;--half:#d6a012;--bad:#c8372d;--guide:#8894a3}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b212a;--ink:#e6eaf0;--dim:#9aa6b4;
--line:#303945;--s0:#6cb0ff;--s1:#ff9d5c;--good:#4cc38a;--half:#e8bd4a;--bad:#ff6f66;--guide:#76828f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:1.5rem;margin:0 0 2px}h2{font-size:1.05rem;margin:0 0 8px}
h3{font-size:1rem;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:4px 0}.dim{color:var(--dim)}
.verdict{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0 20px}
.pill{border:1px solid var(--line);border-radius:999px;padding:3px 12px;background:var(--card)}
.ok{border-color:var(--good)}.warn{border-color:var(--bad)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;
margin:0 0 14px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:14px}
.two>*{margin:0;min-width:0}.two{margin-bottom:14px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:14px}
.card{border:1px solid var(--line);border-radius:8px;padding:10px 12px;min-width:0}
.card.warn{border-color:var(--bad);border-width:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0;font-size:.92em}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto;font:11px system-ui,sans-serif}
.wide{overflow-x:auto}.wide svg{min-width:640px}
svg text{fill:var(--dim)}.grid{stroke:var(--line);stroke-width:1}
.guide{stroke:var(--guide);stroke-width:1.2;stroke-dasharray:5 4}
.curve{fill:none;stroke-width:1.6;stroke-linejoin:round}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.area{stroke:none;fill:var(--s0)}
.CLOSED{fill:var(--good);opacity:.55}.HALF_OPEN{fill:var(--half)}.OPEN{fill:var(--bad)}
.key{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 5px 0 14px;
vertical-align:-1px}.key:first-child{margin-left:0}
.key.CLOSED{background:var(--good);opacity:.55}.key.HALF_OPEN{background:var(--half)}
.key.OPEN{background:var(--bad)}.key.s0{background:var(--s0)}.key.s1{background:var(--s1)}
rect.ok{fill:var(--good);opacity:.55}rect.lost{fill:var(--bad)}
rect.blocked{fill:var(--half)}rect.starting{fill:var(--guide)}
.key.ok{background:var(--good);opacity:.55}.key.lost{background:var(--bad)}
.key.blocked{background:var(--half)}.key.starting{background:var(--guide)}
.outages,.events{margin:8px 0 0;padding:0;list-style:none;font-size:.92em}
.outages li{padding:3px 0 3px 10px;border-left:3px solid var(--bad);margin:4px 0}
.events li{display:grid;grid-template-columns:max-content minmax(60px,max-content) 1fr;gap:2px 12px;
padding:3px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.events time{color:var(--dim);font-variant-numeric:tabular-nums}.events b{font-weight:600}
.drop{display:grid;grid-template-columns:minmax(90px,max-content) 1fr max-content;gap:6px 10px;
align-items:center}.track{background:var(--line);border-radius:4px;height:12px}
.fill{background:var(--s1);border-radius:4px;height:12px;min-width:2px}
pre{margin:8px 0 0;white-space:pre-wrap;font-size:.88em;color:var(--dim)}
@media print{body{background:#fff}section,.card{break-inside:avoid}}
"""
