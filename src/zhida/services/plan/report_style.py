"""How the page of findings looks."""

from __future__ import annotations

STYLE = """
:root{--ink:#1f2933;--soft:#5b6773;--line:#d9dee3;--pale:#f4f6f7;--main:#0b5563;--error:#b3261e;
--error-ground:#fdeceb;--warning:#8a5200;--warning-ground:#fff3dc;--note:#35618e;--note-ground:#e9f1f9}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;color:var(--ink);background:#fff;line-height:1.75;overflow-wrap:anywhere;
font-family:"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{max-width:76rem;margin:auto;padding:1.2rem 1.2rem 4rem}
h1{font-size:1.6rem;margin:.2rem 0}
header p{margin:.2rem 0}
.file{color:var(--soft)}
h2{font-size:1.1rem;margin:2rem 0 .6rem;padding-bottom:.3rem;border-bottom:2px solid var(--main)}
a{color:inherit;text-decoration:none}
.chip,.kind{display:inline-block;border-radius:.3rem;padding:0 .5rem;font-size:.82rem;font-weight:600}
.error .kind,.chip.error{color:var(--error);background:var(--error-ground)}
.warning .kind,.chip.warning{color:var(--warning);background:var(--warning-ground)}
.note .kind,.chip.note{color:var(--note);background:var(--note-ground)}
ol.found{list-style:none;margin:0;padding:0;font-size:.93rem}
ol.found li{border-left:3px solid var(--line);padding:.15rem 0 .15rem .7rem;margin:.35rem 0}
ol.found li.error{border-color:var(--error)}
ol.found li.warning{border-color:var(--warning)}
ol.found li.note{border-color:var(--note)}
ol.found a:hover{text-decoration:underline}
.none{font-size:1.05rem}
.document{padding-right:22.8rem}
.document>h2{margin-right:-22.8rem}
.document::after{content:"";display:block;clear:both}
.block>p{margin:.45rem 0}
.block>h3{margin:1.1rem 0 .3rem;font-size:1rem}
.block>.level1{font-size:1.15rem}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;font-size:.88rem;line-height:1.5;width:100%}
td{border:1px solid var(--line);padding:.25rem .5rem;vertical-align:top;overflow-wrap:normal}
td.group{background:var(--pale);font-weight:600}
mark{color:inherit;border-radius:.15rem;padding:0 .1rem}
mark.error{background:var(--error-ground);box-shadow:inset 0 -2px var(--error)}
mark.warning{background:var(--warning-ground);box-shadow:inset 0 -2px var(--warning)}
mark.note{background:var(--note-ground);box-shadow:inset 0 -2px var(--note)}
.ref{font-size:.68rem;font-weight:700;vertical-align:super;line-height:1;color:#fff;border-radius:.6rem;
padding:.05rem .3rem;margin:0 .1rem}
.ref.error{background:var(--error)}
.ref.warning{background:var(--warning)}
.ref.note{background:var(--note)}
article{float:right;clear:right;width:21rem;margin:.3rem -22.8rem .45rem 0;
border:1px solid var(--line);border-left-width:4px;border-radius:.4rem;padding:.5rem .8rem;
font-size:.86rem;line-height:1.6;background:#fff}
article.error{border-left-color:var(--error)}
article.warning{border-left-color:var(--warning)}
article.note{border-left-color:var(--note)}
article p{margin:.2rem 0}
.sum{color:var(--soft);font-variant-numeric:tabular-nums}
.places a{display:inline-block;border:1px solid var(--line);border-radius:.3rem;padding:0 .4rem;
margin:.1rem .15rem .1rem 0;font-size:.8rem;color:var(--main)}
.places a:hover{background:var(--pale)}
:target{outline:2px solid var(--main);outline-offset:2px}
@media(max-width:56rem){
main{padding:.8rem .9rem 3rem}
.document{padding-right:0}
.document>h2{margin-right:0}
.block{display:flex;flex-direction:column}
article{order:2;float:none;width:auto;margin:.3rem 0 .8rem}
}
@media print{
main{max-width:none;padding:0}
.document{padding-right:16.5rem}
.document>h2{margin-right:-16.5rem}
article{width:15rem;margin-right:-16.5rem}
article,tr{break-inside:avoid}
}
""".strip()
