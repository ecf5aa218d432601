"""HTML pages in one file each: no network, a strict policy, readable printed, on a phone and without JavaScript. Pure.

How to make a page (the interface is stable):

* `page("mine.html", title="...", **facts)` renders `templates/mine.html`, which says `{% extends "base.html" %}`
  and fills the blocks `head` (above everything), `main` and `foot`. More styles and scripts of a page stand in
  `assets/` and are named: `styles=("mine.css",)`, `scripts=("mine.js",)`; base.css and base.js come first.
* Whatever a template prints is cleaned (clean.display) and then escaped, in text and in quoted attributes. No template
  says `|safe` or makes markup of its own in Python. Longest text: `page.MOST` characters; `|shown` cuts a name at
  120, `|shown(300)` at 300. A fact that is missing is an error.
* The policy allows the inline style and scripts by their hashes and nothing else: no `style="..."` attribute, no
  `onclick`, no image, no form. Widths of bars are attributes of SVG (`width`, `fill` by class), in a template.
* `{% import "parts.html" as parts %}`: `asset(ref)`, `business(ref)`, `sources(list)`, `facets(list)`,
  `matrix(matrix, what)`, `tag(tone, sign, word)`. Tones: green yellow red cyan blue magenta dim (base.css).
* Filters (base.js) need no script of a page. Put `{{ parts.facets(list_of_Facet) }}` on it; then
  `data-item` on each row that is filtered, with an attribute `data-KEY` for each Facet's key: its values, parted by
  spaces; `data-group` on everything that goes when nothing in it is left, with `data-head` on the part of it whose
  words are searched for each of its rows; `data-n` on a number that counts the rows shown in its group.
  Cells of a matrix say `data-for="ID-OF-THE-ROW"`; `data-filtered hidden` on a span that says that a filter is on.
* `<details open data-fold>` is open without JavaScript and on paper, closed otherwise.
"""

from accessctl.render.html.facets import Facet, Option, facet
from accessctl.render.html.matrix import Band, Mark, Matrix, bands, matrix
from accessctl.render.html.page import page

__all__ = ["Band", "Facet", "Mark", "Matrix", "Option", "bands", "facet", "matrix", "page"]
