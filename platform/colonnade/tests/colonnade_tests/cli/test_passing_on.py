"""`bff test` and `bff bench` hand their arguments on."""

from colonnade_tests.cli.command import Bff


def test_the_arguments_are_pytests_and_so_is_the_verdict(bff: Bff) -> None:
    tests = bff.root / "bffs/mobile/tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("def test_good(): pass\ndef test_bad(): assert False\n")

    assert bff("test", "bffs/mobile", "-k", "good", "-p", "no:cacheprovider").code == 0
    failed = bff("test", "bffs/mobile", "-k", "bad", "-p", "no:cacheprovider")
    assert failed.code == 1
    assert "1 failed" in failed.out
    assert bff("test", "--no-such-option").code == 2


def test_all_tests_run_on_all_cores_whatever_the_options(bff: Bff) -> None:
    tests = bff.root / "bffs/mobile/tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("def test_good(worker_id): assert worker_id != 'master'\n")
    alone = ("-p", "no:cacheprovider")

    assert bff("test", "-k", "good", *alone).code == 0
    assert bff("test", "bffs/mobile", *alone).code == 1


def test_a_platform_without_benchmarks_says_so(bff: Bff) -> None:
    done = bff("bench", "edge")

    assert done.code == 2
    assert "benchmarks/" in done.err


def test_a_benchmark_gets_its_arguments(bff: Bff) -> None:
    module = bff.root / "benchmarks/src/colonnade_bench"
    module.mkdir(parents=True)
    (module / "__init__.py").write_text("")
    (module / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\n")

    assert bff("bench", "edge", "--json").out == "['edge', '--json']\n"
