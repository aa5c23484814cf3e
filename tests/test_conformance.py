"""The rules of the tensor engine, engine/docs/conformance.md, and the tests: every rule has a test that cites it."""

from docs_pages import cited_rules, citing_tests, conformance_page, rule_numbers


def test_the_rules_are_numbered_from_1_to_52():
    assert rule_numbers() == list(range(1, 53))


def test_how_citations_are_read():
    assert cited_rules("CONFORMANCE 1 to 4, 7, 9 and 12: as it should be, 13 times.") == {1, 2, 3, 4, 7, 9, 12}
    assert cited_rules("CONFORMANCE 22, for kernels.") == {22}
    assert cited_rules("It is 5 to 12.") == set()


def test_every_rule_is_cited_by_a_test_and_every_citation_is_of_a_rule():
    assert set(citing_tests()) == set(rule_numbers())


def test_the_page_of_the_site_lists_the_tests_of_each_rule():
    page = conformance_page()
    for rule, tests in citing_tests().items():
        assert f"| {rule} | `{tests[0]}`" in page
        assert all(f"`{test}`" in page for test in tests)
