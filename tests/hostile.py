"""Names as nobody would give them who means well: each a mix of what some place might take for its own."""

from __future__ import annotations

import random
from functools import cache

PIECES = (
    *"`|\\<>&\"'*_~[](){}#+-.!:=@$^%,;/ \t\r\n",
    *("``", "```", "~~~", "````diff", "\n```\n", "\\|", "\\`", "||", "| a | b |\n|---|---|", "---", "\n---\n", "==="),
    *("</details>", "</summary>", "</code>", "</pre>", "</td>", "<!--", "-->", "<![CDATA[", "<?php", "<x y='"),
    *("<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<a href=javascript:alert(1)>", "<svg/onload=x>"),
    *("[x](http://evil.example)", "![x](http://evil.example/x.png)", "[x]: http://evil.example", "[^1]", "[^1]: x"),
    *("http://evil.example", "https://x.example/a?b=c", "www.evil.example", "a@b.example", "mailto:a@b.example"),
    *("ftp://x.example", "xmpp:a@b.example", "javascript:alert(1)", "data:text/html,x", "<http://evil.example>"),
    *("@everyone", "@acme/admins", "@a", "#1", "GH-1", "ADS-1423", "acme/access#1", "acme/access@0123456", "!1", "%1"),
    *("0123456789abcdef0123456789abcdef01234567", "deadbeef", "1234567", ":tada:", "$x$", "$`x`$", "$$", "```math"),
    *("# x", "\n# x", "- x", "1. x", "2) x", "> x", "> [!NOTE]", "- [ ] x", "* * *", "    x", "\n\n    x", "\tx"),
    *("**x**", "__x__", "*x*", "~~x~~", "&lt;", "&#64;", "&commat;", "&period;", "/close", "/label ~x", "/assign @a"),
    *("::error::x", "::error file=a,line=1::x", "\n::add-mask::x", "::stop-commands::x", "::set-output name=a::b"),
    *("##[error]x", "##[group]x", "##[add-mask]x", "##vso[task.complete]", "##[", "::", ":::", "###[x]", "##[#[x]]"),
    *("#\u200b#[error]x", "#\ufe0f#[error]x", ":\u3164:error::x", ":\u034f:error\u034f::x", "\u3000::error::x"),
    *("\x1b[31m", "\x1b]8;;http://x\x07", "\x9b31m", "\x00", "\x07", "\x08", "\x7f", "\x85", "\u2028", "\u2029"),
    *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\U000e0041", "\ud800", "\ufffe", "\ue000", "\u3000"),
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "'=1",
        "\uff1d1",
        '","',
        "${{ secrets.X }}",
        "{{ x }}",
        "%0A",
    ),
    *(
        "Acme GmbH",
        "Mediahouse",
        "Smith & Co",
        "L'Or\u00e9al",
        "\u65e5\u672c",
        "\U0001f389",
        "e\u0301",
        "A" * 130,
        "x" * 1000,
    ),
)
SEED = 20261121


@cache
def names(number: int) -> tuple[str, ...]:
    """Return so many hostile names, the same ones at each run: first each piece alone, then mixes of up to six."""
    dice = random.Random(SEED)
    mixes = ("".join(dice.choices(PIECES, k=dice.randint(2, 6))) for _ in range(number - len(PIECES)))
    return (*PIECES, *mixes)[:number]
