"""Field selection: the little language of the fields parameter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.sandbox.fields import read_fields, write_fields
from accessctl.sandbox.wire import Refusal


@pytest.mark.parametrize(
    "text",
    ["", "id", "id,name", "agencies{id}", "agencies.limit(2).after(x=){id,name}", "a{b{c{d{e}}}}"],
)
def test_what_is_read_is_written_the_same(text):
    assert write_fields(read_fields(text)) == text


@pytest.mark.parametrize("text", [",", "a,", "a{", "a{}", "a{b", "a}", "a.b", "a.(1)", "a b", "é", "a{b{c{d{e{f}}}}}"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(Refusal):
        read_fields(text)


@given(st.text(alphabet="ab,.{}() 1", max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        fields = read_fields(text)
    except Refusal:
        return
    assert read_fields(write_fields(fields)) == fields
