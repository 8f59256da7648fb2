"""What tests that hypothesis finds examples for have in common."""

from __future__ import annotations

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
"""All that UTF-8 encodes. hypothesis takes the same if it is given none, but tries each one out first."""
WITHOUT_NUL = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""The same, without the one that no argument and no environment holds."""

st.register_type_strategy(str, st.text(CHARACTERS))
