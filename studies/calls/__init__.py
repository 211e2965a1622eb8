"""Calls of the product's functions, kept with what they give: chosen so that they tell a function from its mutants.

`record` notes the arguments of calls while the tests run, `choose` keeps the few that tell a function from most of its
`mutants`, and `tests/test_kept_calls.py` calls them again. A test by hand says what should be; these say what is, for
everything that no test by hand looks at.
"""
