from uadray.diagnosis.finding import State, counts, ok, problem, warning


def test_a_finding_says_what_to_do_and_one_without_fault_says_nothing_more():
    assert str(ok("CPUs", "8")) == "ok      CPUs: 8"
    assert str(problem("disk", "full", "Free some.")) == "problem disk: full. Free some."
    assert warning("disk", "nearly full", "Free some.").state is State.WARNING


def test_findings_are_counted_the_worst_first():
    assert counts([warning("a", "", "b"), warning("a", "", "b"), ok("c", "")]) == "0 problems, 2 warnings, 1 ok"
