"""Functions of plain numpy with a backward that somebody wrote by hand, put to the test: `check.check_backward`."""
