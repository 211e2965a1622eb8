"""The registry is consistent: every claim is complete, and every statement stands once."""

from collections import Counter

import pytest

from cofail_lab.claims import Claim, all_claims, select
from cofail_lab.errors import InputError
from tests.claims.verdicts import name, of


def test_every_row_of_the_registry_is_one_statement_of_one_release() -> None:
    rows = Counter((claim.id, release) for claim in all_claims() for release in claim.releases)
    assert not [row for row, n in rows.items() if n > 1]


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_every_claim_is_complete(claim: Claim) -> None:
    assert claim.statement.endswith(".") and claim.symbols and claim.hypothesis and claim.checks
    assert claim.control.expected != claim.expected or claim.expected == "reported"
    assert len({check.name for check in claim.checks}) == len(claim.checks)
    if claim.expected == "confirmed":
        assert claim.mutants
    if claim.universal:
        assert any(check.search for check in claim.checks)


def test_at_least_forty_mutants_are_planted() -> None:
    assert sum(len(claim.mutants) for claim in all_claims()) >= 40


@pytest.mark.parametrize(
    "june", ["P1.iv", "P2.iii", "P2.v", "P3.v", "P6.i", "P6.ii", "P7.ii", "P8.ii", "P8.iv", "P8.v"]
)
def test_the_wrong_claims_of_june_are_expected_refuted(june: str) -> None:
    assert any(claim.expected == "refuted" and "june" in claim.releases for claim in select(june))


def test_selection_by_id() -> None:
    assert {claim.id.split(".")[0] for claim in select("P2,P1")} == {"P1", "P2"}
    assert {claim.id for claim in select("P1.iv")} == {"P1.iv", "P1.iv.b"}
    assert select(["P1.iv", "P2.iii"]) == select("P1.iv, P2.iii")
    assert "P1.i" in {claim.id for claim in select("P1.i")} and len(select("P1.i")) == 1
    with pytest.raises(InputError, match=r"experiment.claims: 'P99' is no claim"):
        select("P1,P99")


def test_every_statement_of_the_theory_of_p3_to_p7_has_its_rows() -> None:
    rows = {
        (claim.id, release): claim.expected
        for claim in of("P3", "L1", "P4", "P5", "P6", "P7")
        for release in claim.releases
    }
    both = {
        "confirmed": "P3.i P3.ii L1 L1.b L1.c P4.i P4.ii P4.ii.b P4.iii P4.iv P4.vi.c P5.i P5.ii P6.i P7.i "
        "P7.iii.c P7.iv P7.iv.b P7.iv.c P7.iv.d",
        "refuted": "P3.v P6.i.b",
        "reported": "P4.vi P7.iii P7.iii.b",
    }
    for expected, ids in both.items():
        for part in ids.split():
            assert (rows[part, "june"], rows[part, "sept"]) == (expected, expected)
    for part in ("P6.ii", "P7.ii"):
        assert (rows[part, "june"], rows[part, "sept"]) == ("refuted", "confirmed")
    lab = "P3.iii P3.iii.b P3.iv P3.v P3.vi P3.vi.b P3.vi.c P3.vi.d P3.vi.e P4.v P4.vi.b P6.i.c P7.ii P7.ii.b"
    # One for each kind of declared fact.
    lab += "".join(f" P3.vii.{letter}" for letter in "abcdefghijk")
    assert {rows[part, "lab"] for part in lab.split()} == {"confirmed"}
    assert len(rows) == 2 * sum(len(ids.split()) for ids in both.values()) + 4 + len(lab.split())


def test_every_statement_of_the_theory_of_p8_to_p10_has_its_rows() -> None:
    rows = {
        (claim.id, release): claim.expected for claim in of("P8", "P9", "P10", "C1", "C2") for release in claim.releases
    }
    for part, june, sept in [
        ("P8.i", "confirmed", "confirmed"),
        ("P8.ii", "refuted", "confirmed"),
        ("P8.iii", "confirmed", "confirmed"),
        ("P8.iv", "refuted", "refuted"),
        ("P8.v", "refuted", "refuted"),
        ("C1", "confirmed", "confirmed"),
        ("C1.b", "refuted", "refuted"),
        ("P9.i", "confirmed", "confirmed"),
        ("P9.ii", "confirmed", "confirmed"),
        ("P9.iii", "confirmed", "confirmed"),
        ("C2", "reported", "reported"),
    ]:
        assert (rows[part, "june"], rows[part, "sept"]) == (june, sept)
    lab = ("P8.ii", "P8.iv", "P8.v", "P8.vi", "C1.c", "P10.i", "P10.ii", "P10.iii", "P10.iv", "P10.v")
    assert {rows[part, "lab"] for part in lab} == {"confirmed"}


def test_every_statement_of_the_theory_of_p13_to_p15_has_its_rows() -> None:
    rows = {(claim.id, release): claim.expected for claim in of("P13", "P14", "P15") for release in claim.releases}
    for part in ("P13.i", "P13.iii"):
        assert (rows[part, "june"], rows[part, "sept"]) == ("refuted", "refuted")
    lab = ("P13.i", "P13.ii", "P13.ii.b", "P14.i", "P14.i.b", "P14.ii", "P14.ii.b", "P14.ii.c", "P14.ii.d")
    assert {rows[part, "lab"] for part in lab} == {"confirmed"}
    assert {rows["P14.iii", release] for release in ("june", "sept", "lab")} == {"reported"}
    assert (rows["P15.i", "lab"], rows["P15.ii", "lab"]) == ("confirmed", "reported")


def test_the_order_is_that_of_the_theory() -> None:
    """Propositions as they come, parts by their Roman numbers, then by letter, then by the first release."""
    ids = [claim.id for claim in all_claims()]
    assert ids.index("P1.iii") < ids.index("P1.iv") < ids.index("P1.iv.b") < ids.index("P1.v") < ids.index("P1.ix")
    assert ids.index("P4.iv") < ids.index("P4.v") < ids.index("P4.vi") < ids.index("P4.vi.b") < ids.index("P4.vi.c")
    roman = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"]
    releases = ["june", "sept", "lab"]
    keys = []
    for claim in all_claims():
        proposition, part, letter = f"{claim.id}..".split(".")[:3]
        keys.append((proposition, roman.index(part) if part in roman else 0, letter, releases.index(claim.releases[0])))
    for proposition in dict.fromkeys(key[0] for key in keys):
        own = [key for key in keys if key[0] == proposition]
        assert own == sorted(own)
        # One proposition stands together.
        places = [i for i, key in enumerate(keys) if key[0] == proposition]
        assert places == list(range(places[0], places[0] + len(places)))


def test_a_name_is_a_whole_part() -> None:
    assert {claim.id.split(".")[0] for claim in select("P1")} == {"P1"}
    assert select(None) == all_claims()
    for wrong in ("P", "P1.", "P1.i.", "1.iv", ""):
        with pytest.raises(InputError, match="is no claim"):
            select(wrong)
    with pytest.raises(InputError, match=r"'p1\.iv' is no claim, did you mean P1\.iv\?"):
        select("p1.iv")
